"""Bodies and answers about the waiting queue."""

import marshmallow as ma

from tenant_app.queue.models import PRIORITIES, STATUSES
from tenant_app.queue.service import LONGEST_ROOM
from tenant_app.schemas import Body, Listed, page_answer


class ArrivalBody(Body):
    """Somebody who has come. Without a priority the age decides, without an appointment today's next one is taken."""

    patient_id = ma.fields.UUID(required=True)
    department_id = ma.fields.UUID(required=True)
    priority = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.OneOf(PRIORITIES))
    appointment_id = ma.fields.UUID(load_default=None, allow_none=True)


class CallBody(Body):
    """Where to, and to whom; a doctor who calls calls to themselves."""

    room = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=LONGEST_ROOM))
    doctor_id = ma.fields.UUID(load_default=None, allow_none=True)


class TransferBody(Body):
    """Where to."""

    department_id = ma.fields.UUID(required=True)


class EntryAnswer(ma.Schema):
    """A number in a department's queue."""

    id = ma.fields.UUID()
    department_id = ma.fields.UUID()
    department_name = ma.fields.String()
    queue_day = ma.fields.Date()
    number = ma.fields.Integer()
    patient_id = ma.fields.UUID()
    patient_code = ma.fields.String()
    patient_name = ma.fields.String()
    appointment_id = ma.fields.UUID(allow_none=True)
    booked_for = ma.fields.AwareDateTime(allow_none=True)
    came_from_id = ma.fields.UUID(allow_none=True)
    priority = ma.fields.String()
    status = ma.fields.String()
    doctor_id = ma.fields.UUID(allow_none=True)
    doctor_name = ma.fields.String(allow_none=True)
    room = ma.fields.String(allow_none=True)
    taken_at = ma.fields.AwareDateTime()
    waits_since = ma.fields.AwareDateTime()
    first_called_at = ma.fields.AwareDateTime(allow_none=True)
    called_at = ma.fields.AwareDateTime(allow_none=True)
    started_at = ma.fields.AwareDateTime(allow_none=True)
    ended_at = ma.fields.AwareDateTime(allow_none=True)
    calls = ma.fields.Integer()
    missed = ma.fields.Integer()
    version = ma.fields.Integer()


class LineAnswer(ma.Schema):
    """A department's line: those who wait in the order of calling, those called, those inside."""

    department_id = ma.fields.UUID()
    department_name = ma.fields.String()
    waiting = ma.fields.List(ma.fields.Nested(EntryAnswer))
    called = ma.fields.List(ma.fields.Nested(EntryAnswer))
    in_room = ma.fields.List(ma.fields.Nested(EntryAnswer))


class EntriesAsked(Listed):
    """Which numbers of a day, by default today."""

    date = ma.fields.Date(load_default=None)
    department_id = ma.fields.UUID(load_default=None)
    patient_id = ma.fields.UUID(load_default=None)
    status = ma.fields.String(load_default=None, validate=ma.validate.OneOf(STATUSES))


class FiguresAsked(Body):
    """Which day, by default today, and which department, by default all."""

    date = ma.fields.Date(load_default=None)
    department_id = ma.fields.UUID(load_default=None)


class DepartmentFiguresAnswer(ma.Schema):
    """One department's day; waiting times are whole minutes."""

    department_id = ma.fields.UUID()
    department_name = ma.fields.String()
    taken = ma.fields.Integer()
    waiting = ma.fields.Integer()
    called = ma.fields.Integer()
    in_room = ma.fields.Integer()
    done = ma.fields.Integer()
    gone = ma.fields.Integer()
    longest_wait = ma.fields.Integer(allow_none=True)
    median_wait = ma.fields.Integer(allow_none=True)
    ninety_percent_wait = ma.fields.Integer(allow_none=True)


class HourFiguresAnswer(ma.Schema):
    """Those who came in one hour of the local day."""

    hour = ma.fields.Integer()
    taken = ma.fields.Integer()
    called = ma.fields.Integer()
    median_wait = ma.fields.Integer(allow_none=True)


class FiguresAnswer(ma.Schema):
    """A day of the queue in numbers."""

    day = ma.fields.Date()
    departments = ma.fields.List(ma.fields.Nested(DepartmentFiguresAnswer))
    hours = ma.fields.List(ma.fields.Nested(HourFiguresAnswer))


EntriesAnswer = page_answer("QueueEntries", EntryAnswer)
