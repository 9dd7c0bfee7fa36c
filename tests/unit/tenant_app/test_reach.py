"""Which tables belong to a department: a new one is either limited, or named here by somebody who thought about it."""

from tenant_app.appointments.models import Appointment
from tenant_app.queue.models import QueueEntry
from tenant_app.reach.rows import LIMITED
from tenant_app.tables import METADATA

# Tables that name a department, an appointment or a number, and are open to the whole hospital: why.
OPEN = {
    "doctor_schedules": "patients see the hours too, and whoever books or sends somebody on must know them",
    "queue_counters": "how many numbers were given, and to nobody in particular",
    "schedule_exceptions": "as the hours; why somebody is away is shown to those who manage the department",
    "users": "colleagues find each other in the whole hospital",
}


def test_every_table_of_a_department_is_limited_or_open_for_a_reason() -> None:
    whose = {"departments", Appointment.__tablename__, QueueEntry.__tablename__}
    about = {
        table.name
        for table in METADATA.tables.values()
        if any(key.column.table.name in whose for key in table.foreign_keys)
    }
    limited = {kind.__tablename__ for kind in LIMITED}
    assert about == limited | OPEN.keys()
    assert not limited & OPEN.keys()
