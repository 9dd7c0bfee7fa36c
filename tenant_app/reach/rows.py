"""Which rows belong to a department, and the one place that leaves out those beyond reach.

Every statement of a limited transaction is given these conditions, in joins, subqueries and changes alike. So what a
feature reads is filtered, and what it would change is not found, whether its author thought of departments or not.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, event, exists, or_
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria

from kernel.database.unit_of_work import UnitOfWork
from tenant_app.appointments.models import Appointment, AppointmentMove
from tenant_app.database import HospitalBase
from tenant_app.queue.models import QueueEntry, QueueStep
from tenant_app.reach.rules import BEYOND, REACH, Reach
from tenant_app.reminders.models import AppointmentReminder

_Seen = Callable[[Reach], ColumnElement[bool]]


def limit(uow: UnitOfWork, reach: Reach) -> None:
    """From here on this transaction, and those after it in the same unit of work, see what is within reach."""
    options = [with_loader_criteria(kind, seen(reach), include_aliases=True) for kind, seen in LIMITED.items()]

    def leave_out(state: ORMExecuteState) -> None:
        # What was found already may be read to the end.
        if state.session.info.get(BEYOND) or state.is_column_load or state.is_relationship_load:
            return
        if state.is_select or state.is_update or state.is_delete:
            state.statement = state.statement.options(*options)

    uow.session.info[REACH] = reach
    event.listen(uow.session, "do_orm_execute", leave_out)


def _appointment(reach: Reach, table: Any = Appointment) -> ColumnElement[bool]:
    """In one's department, or with oneself wherever it is."""
    return or_(table.department_id.in_(sorted(reach.departments)), table.doctor_id == reach.user_id)


def _entry(reach: Reach, table: Any = QueueEntry) -> ColumnElement[bool]:
    """In one's department, called by oneself, or sent on from there: who sends somebody on gives them the ticket."""
    origin = _apart(QueueEntry)
    sent_on = exists().where(origin.id == table.came_from_id, origin.department_id.in_(sorted(reach.departments)))
    return or_(_appointment(reach, table), sent_on)


def _of_appointment(kind: type[AppointmentMove | AppointmentReminder]) -> _Seen:
    def seen(reach: Reach) -> ColumnElement[bool]:
        visit = _apart(Appointment)
        of_one = exists().where(visit.id == kind.appointment_id, _appointment(reach, visit))
        # A test message is about no appointment.
        return or_(kind.appointment_id.is_(None), of_one)

    return seen


def _step(reach: Reach) -> ColumnElement[bool]:
    entry = _apart(QueueEntry)
    return exists().where(entry.id == QueueStep.entry_id, _entry(reach, entry))


def _apart(kind: type[HospitalBase]) -> Any:
    """The columns of the bare table under a name of their own: a condition must not be given conditions again."""
    table = kind.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{kind.__name__} is no table")
    return table.alias().columns


LIMITED: Final[Mapping[type[HospitalBase], _Seen]] = {
    Appointment: _appointment,
    AppointmentMove: _of_appointment(AppointmentMove),
    AppointmentReminder: _of_appointment(AppointmentReminder),
    QueueEntry: _entry,
    QueueStep: _step,
}
