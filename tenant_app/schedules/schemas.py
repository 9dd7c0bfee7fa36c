"""Bodies and answers about schedules."""

import marshmallow as ma

from tenant_app.calendar.public import WEEKDAYS
from tenant_app.schedules.checks import LONGEST, LONGEST_NOTE, REASONS, SHORTEST
from tenant_app.schedules.rules import AWAY, EXTRA
from tenant_app.schemas import Body, Listed, page_answer

_LENGTH = ma.validate.Range(min=SHORTEST, max=LONGEST)


class ScheduleBody(Body):
    """A doctor's hours of one weekday, cut in slots, from one day until another; null: without end."""

    doctor_id = ma.fields.UUID(required=True)
    department_id = ma.fields.UUID(required=True)
    weekday = ma.fields.String(required=True, validate=ma.validate.OneOf(WEEKDAYS))
    start_time = ma.fields.Time(required=True)
    end_time = ma.fields.Time(required=True)
    slot_minutes = ma.fields.Integer(required=True, strict=True, validate=_LENGTH)
    valid_from = ma.fields.Date(required=True)
    valid_until = ma.fields.Date(load_default=None, allow_none=True)


class ScheduleChange(Body):
    """What is to be changed of the hours of one weekday."""

    department_id = ma.fields.UUID()
    start_time = ma.fields.Time()
    end_time = ma.fields.Time()
    slot_minutes = ma.fields.Integer(strict=True, validate=_LENGTH)
    valid_from = ma.fields.Date()
    valid_until = ma.fields.Date(allow_none=True)


class ScheduleAnswer(ma.Schema):
    """A doctor's hours of one weekday."""

    id = ma.fields.UUID()
    doctor_id = ma.fields.UUID()
    doctor_name = ma.fields.String()
    department_id = ma.fields.UUID()
    department_name = ma.fields.String()
    weekday = ma.fields.String(attribute="weekday_name")
    start_time = ma.fields.Time(format="%H:%M")
    end_time = ma.fields.Time(format="%H:%M")
    slot_minutes = ma.fields.Integer()
    valid_from = ma.fields.Date()
    valid_until = ma.fields.Date(allow_none=True)
    version = ma.fields.Integer()


class SchedulesAsked(Listed):
    """Whose hours, and only those that have not ended before `since`."""

    doctor_id = ma.fields.UUID(load_default=None)
    since = ma.fields.Date(load_default=None)


class ExceptionBody(Body):
    """Days on which a doctor is away (with a reason), or works extra hours (with times, department and slots)."""

    doctor_id = ma.fields.UUID(required=True)
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf((AWAY, EXTRA)))
    reason = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.OneOf(REASONS))
    note = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=LONGEST_NOTE))
    first_day = ma.fields.Date(required=True)
    last_day = ma.fields.Date(load_default=None, allow_none=True)
    start_time = ma.fields.Time(load_default=None, allow_none=True)
    end_time = ma.fields.Time(load_default=None, allow_none=True)
    department_id = ma.fields.UUID(load_default=None, allow_none=True)
    slot_minutes = ma.fields.Integer(load_default=None, allow_none=True, strict=True, validate=_LENGTH)


class ExceptionAnswer(ma.Schema):
    """An exception. `reason` and `note` are null for those who may not know why somebody is away."""

    id = ma.fields.UUID()
    doctor_id = ma.fields.UUID()
    doctor_name = ma.fields.String()
    kind = ma.fields.String()
    reason = ma.fields.String(allow_none=True)
    note = ma.fields.String(allow_none=True)
    first_day = ma.fields.Date()
    last_day = ma.fields.Date()
    start_time = ma.fields.Time(format="%H:%M", allow_none=True)
    end_time = ma.fields.Time(format="%H:%M", allow_none=True)
    department_id = ma.fields.UUID(allow_none=True)
    department_name = ma.fields.String(allow_none=True)
    slot_minutes = ma.fields.Integer(allow_none=True)


SchedulesAnswer = page_answer("Schedules", ScheduleAnswer)
ExceptionsAnswer = page_answer("ScheduleExceptions", ExceptionAnswer)
