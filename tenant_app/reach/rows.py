"""Which rows belong to a department, and the one place that leaves out those beyond reach.

Every statement of a limited transaction is given these conditions, in joins, subqueries and changes alike. So what a
feature reads is filtered, and what it would change is not found, whether its author thought of departments or not.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, Uuid, bindparam, event, exists, or_
from sqlalchemy.orm import LoaderCriteriaOption, ORMExecuteState, with_loader_criteria

from kernel.database.unit_of_work import UnitOfWork
from tenant_app.appointments.models import Appointment, AppointmentMove
from tenant_app.database import HospitalBase
from tenant_app.queue.models import QueueEntry, QueueStep
from tenant_app.reach.rules import BEYOND, REACH, Reach
from tenant_app.reminders.models import AppointmentReminder

_DEPARTMENTS: Final = bindparam("reach_departments", type_=Uuid(), expanding=True)
_PERSON: Final = bindparam("reach_person", type_=Uuid())


def limit(uow: UnitOfWork, reach: Reach) -> None:
    """From here on this transaction, and those after it in the same unit of work, see what is within reach."""
    values = {_DEPARTMENTS.key: sorted(reach.departments), _PERSON.key: reach.user_id}

    def leave_out(state: ORMExecuteState) -> None:
        # What was found already may be read to the end.
        if state.session.info.get(BEYOND) or state.is_column_load or state.is_relationship_load:
            return
        if state.is_select or state.is_update or state.is_delete:
            if state.is_executemany:
                raise TypeError("rows are changed by conditions here: a list of rows would not be looked at")
            state.statement = state.statement.options(*_conditions())
            state.parameters = {**(state.parameters or {}), **values}  # type: ignore[dict-item]  # no list, see above

    uow.session.info[REACH] = reach
    event.listen(uow.session, "do_orm_execute", leave_out)


@cache
def _conditions() -> tuple[LoaderCriteriaOption, ...]:
    """Built once, with places for whose reach it is: building them took as long as a whole request."""
    return tuple(with_loader_criteria(kind, seen(), include_aliases=True) for kind, seen in LIMITED.items())


def _appointment(table: Any = Appointment) -> ColumnElement[bool]:
    """In one's department, or with oneself wherever it is."""
    return or_(table.department_id.in_(_DEPARTMENTS), table.doctor_id == _PERSON)


def _entry(table: Any = QueueEntry) -> ColumnElement[bool]:
    """In one's department, called by oneself, or sent on from there: who sends somebody on gives them the ticket."""
    origin = _apart(QueueEntry)
    sent_on = exists().where(origin.id == table.came_from_id, origin.department_id.in_(_DEPARTMENTS))
    return or_(_appointment(table), sent_on)


def _of_appointment(kind: type[AppointmentMove | AppointmentReminder]) -> Callable[[], ColumnElement[bool]]:
    def seen() -> ColumnElement[bool]:
        visit = _apart(Appointment)
        of_one = exists().where(visit.id == kind.appointment_id, _appointment(visit))
        # A test message is about no appointment.
        return or_(kind.appointment_id.is_(None), of_one)

    return seen


def _step() -> ColumnElement[bool]:
    entry = _apart(QueueEntry)
    return exists().where(entry.id == QueueStep.entry_id, _entry(entry))


def _apart(kind: type[HospitalBase]) -> Any:
    """The columns of the bare table under a name of their own: a condition must not be given conditions again."""
    table = kind.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{kind.__name__} is no table")
    return table.alias().columns


LIMITED: Final[Mapping[type[HospitalBase], Callable[[], ColumnElement[bool]]]] = {
    Appointment: _appointment,
    AppointmentMove: _of_appointment(AppointmentMove),
    AppointmentReminder: _of_appointment(AppointmentReminder),
    QueueEntry: _entry,
    QueueStep: _step,
}
