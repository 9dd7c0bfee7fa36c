"""The appointments that a patient still has ahead when their record is closed."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from kernel.clock import local_today, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.web.actor import Actor
from tenant_app.appointments.queries import AppointmentRow, Filter, list_appointments
from tenant_app.appointments.service import act
from tenant_app.reach.public import beyond_reach

# More than anybody has ahead.
_MOST: Final = 100
_OPEN: Final = ("scheduled", "confirmed")


def coming(*, uow: UnitOfWork, patient_id: UUID, now: datetime | None = None) -> list[AppointmentRow]:
    """Appointments of today and later that nobody has begun or cancelled, in all departments: for beside an audited
    reading. Whoever closes a record closes it for the hospital, and must know what that leaves hanging.
    """
    wanted = Filter(since=local_today(now or utc_now()), patient_id=patient_id)
    with beyond_reach(uow):
        rows = list_appointments(uow=uow, wanted=wanted, limit=_MOST).items
    return [row for row in rows if row.status in _OPEN]


def cancel_coming(
    *,
    uow: UnitOfWork,
    actor: Actor,
    patient_id: UUID,
    reason: str,
    chosen: Collection[UUID] | None = None,
    now: datetime | None = None,
) -> list[UUID]:
    """Cancel those, or the chosen ones among them; what became of the others meanwhile is left. Returns which."""
    ahead = [row.id for row in coming(uow=uow, patient_id=patient_id, now=now)]
    to_cancel = [each for each in ahead if chosen is None or each in chosen]
    with beyond_reach(uow):
        for each in to_cancel:
            act(uow=uow, actor=actor, appointment_id=each, action="cancel", reason=reason, now=now)
    return to_cancel
