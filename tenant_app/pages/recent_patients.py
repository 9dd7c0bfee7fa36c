"""Lines of patients as searches list them, and those whom a member of staff opened last."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from kernel.clock import local_today, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.web.actor import Actor
from tenant_app.audit.public import last_opened
from tenant_app.pages.shown import age
from tenant_app.patients.public import PatientRow, rows_of

# Who was here today and in the days before: further back, the search is faster than reading a list.
LOOKED_BACK: Final = timedelta(days=7)
SHOWN: Final = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundPatient:
    """A line of the results."""

    row: PatientRow
    age: str


def with_ages(rows: Iterable[PatientRow]) -> list[FoundPatient]:
    """The lines with how old each patient is today."""
    today = local_today()
    return [FoundPatient(row=row, age=age(row.date_of_birth, today=today)) for row in rows]


def recently_opened(*, uow: UnitOfWork, actor: Actor) -> list[FoundPatient]:
    """The patients whose records this member of staff opened last, the last first: nobody whom they have not seen."""
    if not actor.may("patient.read"):
        return []
    chosen = last_opened(uow=uow, user_id=actor.id, since=utc_now() - LOOKED_BACK, limit=SHOWN)
    rows = {row.id: row for row in rows_of(uow=uow, patients=chosen)} if chosen else {}
    return with_ages(rows[each] for each in chosen if each in rows)
