"""Bodies and answers about appointments."""

import marshmallow as ma

from tenant_app.appointments.models import APPOINTMENT_STATUSES, APPOINTMENT_TYPES
from tenant_app.schemas import MAX_TEXT, Body, Listed, page_answer


class BookingBody(Body):
    """A new appointment; date and times are local, times as HH:MM."""

    patient_id = ma.fields.UUID(required=True)
    doctor_id = ma.fields.UUID(required=True)
    department_id = ma.fields.UUID(required=True)
    appointment_date = ma.fields.Date(required=True)
    start_time = ma.fields.Time(required=True)
    end_time = ma.fields.Time(required=True)
    appointment_type = ma.fields.String(required=True, validate=ma.validate.OneOf(APPOINTMENT_TYPES))
    reason = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=MAX_TEXT))


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
