"""Bodies and answers about appointments."""

import marshmallow as ma

from tenant_app.appointments.models import APPOINTMENT_STATUSES, APPOINTMENT_TYPES
from tenant_app.schemas import MAX_TEXT, POSSIBLE_DAY, Body, Listed, page_answer


class BookingBody(Body):
    """A new appointment; date and times are local, times as HH:MM."""

    patient_id = ma.fields.UUID(required=True)
    doctor_id = ma.fields.UUID(required=True)
    department_id = ma.fields.UUID(required=True)
    appointment_date = ma.fields.Date(required=True, validate=POSSIBLE_DAY)
    start_time = ma.fields.Time(required=True)
    end_time = ma.fields.Time(required=True)
    appointment_type = ma.fields.String(required=True, validate=ma.validate.OneOf(APPOINTMENT_TYPES))
    reason = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=MAX_TEXT))
    # Why it is booked although the doctor does not work then.
    outside_reason = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=500))


class MoveBody(Body):
    """Where an appointment is moved to. Without a doctor it stays with the one it has; the department follows."""

    doctor_id = ma.fields.UUID(load_default=None, allow_none=True)
    department_id = ma.fields.UUID(load_default=None, allow_none=True)
    appointment_date = ma.fields.Date(required=True, validate=POSSIBLE_DAY)
    start_time = ma.fields.Time(required=True)
    end_time = ma.fields.Time(required=True)
    reason = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=500))
    outside_reason = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=500))


class MoveAnswer(ma.Schema):
    """That it was moved: by whom, from where, and where to."""

    id = ma.fields.UUID()
    moved_at = ma.fields.AwareDateTime()
    moved_by = ma.fields.UUID(allow_none=True)
    moved_by_name = ma.fields.String(allow_none=True)
    reason = ma.fields.String(allow_none=True)
    from_doctor_id = ma.fields.UUID()
    from_doctor_name = ma.fields.String()
    from_department_id = ma.fields.UUID()
    from_date = ma.fields.Date()
    from_start = ma.fields.Time(format="%H:%M")
    from_end = ma.fields.Time(format="%H:%M")
    to_doctor_id = ma.fields.UUID()
    to_doctor_name = ma.fields.String()
    to_department_id = ma.fields.UUID()
    to_date = ma.fields.Date()
    to_start = ma.fields.Time(format="%H:%M")
    to_end = ma.fields.Time(format="%H:%M")


class MovesAnswer(ma.Schema):
    """An appointment's moves, the latest first."""

    items = ma.fields.List(ma.fields.Nested(MoveAnswer), required=True)


class FreeTimesAsked(ma.Schema):
    """Of which doctor, on which day; with a department only there, with minutes only times of that length."""

    class Meta:
        unknown = ma.RAISE

    doctor_id = ma.fields.UUID(required=True)
    date = ma.fields.Date(required=True, validate=POSSIBLE_DAY)
    department_id = ma.fields.UUID(load_default=None)
    minutes = ma.fields.Integer(load_default=None, validate=ma.validate.Range(min=5, max=480))


class FreeTime(ma.Schema):
    """A time that can be booked; the department is where the doctor is then, null: any."""

    start_time = ma.fields.Time(format="%H:%M", attribute="start")
    end_time = ma.fields.Time(format="%H:%M", attribute="end")
    department_id = ma.fields.UUID(allow_none=True)


class FreeTimesAnswer(ma.Schema):
    """Free times in order."""

    items = ma.fields.List(ma.fields.Nested(FreeTime), required=True)


class ToMoveAsked(ma.Schema):
    """Of which doctor."""

    class Meta:
        unknown = ma.RAISE

    doctor_id = ma.fields.UUID(required=True)


class CancelBody(Body):
    """Why it is cancelled."""

    reason = ma.fields.String(required=True, validate=ma.validate.Length(1, 500))


class AppointmentAnswer(ma.Schema):
    """An appointment."""

    id = ma.fields.UUID()
    appointment_code = ma.fields.String()
    patient_id = ma.fields.UUID()
    patient_code = ma.fields.String()
    patient_name = ma.fields.String()
    doctor_id = ma.fields.UUID()
    doctor_name = ma.fields.String()
    department_id = ma.fields.UUID()
    department_name = ma.fields.String()
    appointment_date = ma.fields.Date()
    start_time = ma.fields.Time(format="%H:%M")
    end_time = ma.fields.Time(format="%H:%M")
    appointment_type = ma.fields.String()
    status = ma.fields.String()
    source = ma.fields.String()
    reason = ma.fields.String(allow_none=True)
    cancellation_reason = ma.fields.String(allow_none=True)
    outside_reason = ma.fields.String(allow_none=True)
    confirmed_at = ma.fields.AwareDateTime(allow_none=True)
    started_at = ma.fields.AwareDateTime(allow_none=True)
    completed_at = ma.fields.AwareDateTime(allow_none=True)
    cancelled_at = ma.fields.AwareDateTime(allow_none=True)
    cancelled_by_kind = ma.fields.String(allow_none=True)
    created_at = ma.fields.AwareDateTime()
    version = ma.fields.Integer()


class AppointmentsAsked(Listed):
    """Which appointments: of one day, of a span of days, of a doctor, a department or a patient."""

    date = ma.fields.Date(load_default=None)
    since = ma.fields.Date(load_default=None)
    until = ma.fields.Date(load_default=None)
    doctor_id = ma.fields.UUID(load_default=None)
    department_id = ma.fields.UUID(load_default=None)
    patient_id = ma.fields.UUID(load_default=None)
    status = ma.fields.String(load_default=None, validate=ma.validate.OneOf(APPOINTMENT_STATUSES))


AppointmentsAnswer = page_answer("Appointments", AppointmentAnswer)


class ToMoveAnswer(ma.Schema):
    """Appointments at times at which their doctor does not work any more."""

    items = ma.fields.List(ma.fields.Nested(AppointmentAnswer), required=True)
