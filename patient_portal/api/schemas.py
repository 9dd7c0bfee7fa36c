"""Bodies and answers of the patient portal."""

import marshmallow as ma

from central.auth.public import Body, otp_field
from kernel.passwords import MAXIMUM_LENGTH
from patient_portal.appointments.service import TYPES

# Longer than any number as it may be typed, with blanks; what it is worth is decided by parse_cccd.
_CCCD = ma.validate.Length(1, 40)
_CODE = ma.validate.Length(1, 120)


class PatientSignInBody(Body):
    """`{cccd, password, otp?, tenant?}`; `tenant` is a hospital's code, for who has accounts at several."""

    cccd = ma.fields.String(required=True, validate=_CCCD, load_only=True)
    password = ma.fields.String(required=True, validate=ma.validate.Length(1, MAXIMUM_LENGTH), load_only=True)
    otp = otp_field(load_default=None, allow_none=True)
    tenant = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(1, 50))


class ActivateBody(Body):
    """`{cccd, activation_code, password, otp?}`; `otp` where the account has a second factor."""

    cccd = ma.fields.String(required=True, validate=_CCCD, load_only=True)
    activation_code = ma.fields.String(required=True, validate=_CODE, load_only=True)
    password = ma.fields.String(required=True, validate=ma.validate.Length(1, MAXIMUM_LENGTH), load_only=True)
    otp = otp_field(load_default=None, allow_none=True)


class LinkBody(Body):
    """`{activation_code}` of the other hospital."""

    activation_code = ma.fields.String(required=True, validate=_CODE, load_only=True)


class HospitalAnswer(ma.Schema):
    """A hospital of the session."""

    tenant_code = ma.fields.String(required=True)
    name = ma.fields.String(required=True)


class MeAnswer(ma.Schema):
    """Who is signed in, and at which hospitals they have a book that this session opens; home comes first."""

    patient_global_id = ma.fields.UUID(required=True)
    full_name = ma.fields.String(required=True)
    hospitals = ma.fields.List(ma.fields.Nested(HospitalAnswer), required=True)


class OwnBookingBody(Body):
    """A time to book; `department_id` and `end_time` follow from the doctor and the start where they are left out."""

    doctor_id = ma.fields.UUID(required=True)
    department_id = ma.fields.UUID(load_default=None, allow_none=True)
    appointment_date = ma.fields.Date(required=True)
    start_time = ma.fields.Time(required=True)
    end_time = ma.fields.Time(load_default=None, allow_none=True)
    appointment_type = ma.fields.String(load_default=TYPES[0], validate=ma.validate.OneOf(TYPES))
    reason = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=500))


class OwnCancelBody(Body):
    """Why, if the patient wants to say."""

    reason = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=500))


class OwnAppointmentAnswer(ma.Schema):
    """One's own appointment; staff's notes and names of who did what are not the patient's."""

    tenant_code = ma.fields.String(required=True)
    hospital_name = ma.fields.String(required=True)
    id = ma.fields.UUID(required=True)
    appointment_code = ma.fields.String(required=True)
    doctor_id = ma.fields.UUID(required=True)
    doctor_name = ma.fields.String(required=True)
    department_id = ma.fields.UUID(required=True)
    department_name = ma.fields.String(required=True)
    appointment_date = ma.fields.Date(required=True)
    start_time = ma.fields.Time(required=True, format="%H:%M")
    end_time = ma.fields.Time(required=True, format="%H:%M")
    appointment_type = ma.fields.String(required=True)
    status = ma.fields.String(required=True)
    source = ma.fields.String(required=True)
    reason = ma.fields.String(required=True, allow_none=True)
    cancelled_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    cancelled_by_kind = ma.fields.String(required=True, allow_none=True)
    created_at = ma.fields.AwareDateTime(required=True)
    version = ma.fields.Integer(required=True)


class Listed(ma.Schema):
    """`?limit=&cursor=`; a misspelt argument is refused."""

    class Meta:
        unknown = ma.RAISE

    limit = ma.fields.Integer(load_default=25, validate=ma.validate.Range(min=1, max=100))
    cursor = ma.fields.String(load_default=None, allow_none=True)


class OwnAppointmentsAsked(Listed):
    """`?since=&until=` besides."""

    since = ma.fields.Date(load_default=None)
    until = ma.fields.Date(load_default=None)


class OwnAppointmentsAnswer(ma.Schema):
    """A page over all hospitals; `unavailable` are the codes of those that did not answer."""

    items = ma.fields.List(ma.fields.Nested(OwnAppointmentAnswer), required=True)
    next_cursor = ma.fields.String(required=True, allow_none=True)
    unavailable = ma.fields.List(ma.fields.String(), required=True)


class OwnNumberAnswer(ma.Schema):
    """One's own queue number. `ahead` and `estimated_minutes` while one waits; null: it cannot be said."""

    tenant_code = ma.fields.String(required=True)
    hospital_name = ma.fields.String(required=True)
    id = ma.fields.UUID(required=True)
    department_name = ma.fields.String(required=True)
    number = ma.fields.Integer(required=True)
    status = ma.fields.String(required=True)
    room = ma.fields.String(required=True, allow_none=True)
    appointment_id = ma.fields.UUID(required=True, allow_none=True)
    taken_at = ma.fields.AwareDateTime(required=True)
    called_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    ended_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    ahead = ma.fields.Integer(required=True, allow_none=True)
    estimated_minutes = ma.fields.Integer(required=True, allow_none=True, attribute="minutes")


class OwnNumbersAnswer(ma.Schema):
    """Today's numbers at all hospitals of the session; `unavailable` are the codes of those that did not answer."""

    items = ma.fields.List(ma.fields.Nested(OwnNumberAnswer), required=True)
    unavailable = ma.fields.List(ma.fields.String(), required=True)


class OwnNoticesAsked(Listed):
    """`?unread=true` for those that were not read."""

    unread = ma.fields.Boolean(load_default=False)


class OwnNoticeAnswer(ma.Schema):
    """A notice. `thing_id` is of an appointment (also of `reminder.sent`), a queue number or a contact."""

    tenant_code = ma.fields.String(required=True)
    hospital_name = ma.fields.String(required=True)
    id = ma.fields.UUID(required=True)
    kind = ma.fields.String(required=True)
    thing_id = ma.fields.UUID(required=True)
    made_at = ma.fields.AwareDateTime(required=True)
    read_at = ma.fields.AwareDateTime(required=True, allow_none=True)


class UnreadNoticesAnswer(ma.Schema):
    """How many are unread, up to 100; `unavailable` are the codes of hospitals that did not answer."""

    unread = ma.fields.Integer(required=True)
    unavailable = ma.fields.List(ma.fields.String(), required=True)


class OwnNoticesAnswer(UnreadNoticesAnswer):
    """A page over all hospitals, and how many are unread."""

    items = ma.fields.List(ma.fields.Nested(OwnNoticeAnswer), required=True)
    next_cursor = ma.fields.String(required=True, allow_none=True)


class NoticesReadAnswer(ma.Schema):
    """The codes of hospitals that did not answer, whose notices stay as they are."""

    unavailable = ma.fields.List(ma.fields.String(), required=True)


class DepartmentAnswer(ma.Schema):
    """A department of a hospital."""

    id = ma.fields.UUID(required=True)
    code = ma.fields.String(required=True)
    name = ma.fields.String(required=True)


class DoctorAnswer(ma.Schema):
    """A doctor who can be booked."""

    id = ma.fields.UUID(required=True)
    full_name = ma.fields.String(required=True)
    department_id = ma.fields.UUID(required=True, allow_none=True)


class DoctorsAnswer(ma.Schema):
    """Whom a patient may book, and in which departments."""

    departments = ma.fields.List(ma.fields.Nested(DepartmentAnswer), required=True)
    items = ma.fields.List(ma.fields.Nested(DoctorAnswer), required=True)


class FreeTimesAsked(ma.Schema):
    """`?date=`."""

    class Meta:
        unknown = ma.RAISE

    date = ma.fields.Date(required=True)


class FreeTimeAnswer(ma.Schema):
    """A time that can be booked."""

    start_time = ma.fields.Time(required=True, format="%H:%M")
    end_time = ma.fields.Time(required=True, format="%H:%M")


class FreeTimesAnswer(ma.Schema):
    """The free times of one day."""

    items = ma.fields.List(ma.fields.Nested(FreeTimeAnswer), required=True)
