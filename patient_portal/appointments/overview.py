"""A patient's appointments over all hospitals of the session, as one list."""

from dataclasses import dataclass
from datetime import date, time
from uuid import UUID

from kernel.clock import local_today, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.listing import Page
from patient_portal.auth.sessions import SignedIn
from patient_portal.hospitals.access import HospitalAccess, Member, Visit
from patient_portal.hospitals.merging import Item, ItemsPage, merged
from tenant_app.appointments.public import AppointmentRow, Filter, latest_before, read_list
from tenant_app.queue.public import OwnNumber, read_own_numbers

MOST_ROWS = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """What a page shows: what comes, soonest first; what was, the latest first; numbers that stand in a line now."""

    upcoming: list[Item[AppointmentRow]]
    past: list[Item[AppointmentRow]]
    unavailable: list[Member]
    hospitals: list[Member]
    numbers: list[tuple[Member, OwnNumber]]


def list_items(
    *,
    access: HospitalAccess,
    uow: UnitOfWork,
    patient: SignedIn,
    since: date | None,
    until: date | None,
    limit: int,
    cursor: str | None,
) -> ItemsPage[AppointmentRow]:
    """A page. Ids are unique over all hospitals, so that one cursor serves each of them."""

    def read(visit: Visit) -> Page[AppointmentRow]:
        return read_list(
            uow=visit.uow,
            actor=visit.actor,
            wanted=Filter(patient_id=visit.patient_id, since=since, until=until),
            limit=limit,
            cursor=cursor,
        )

    return merged(access.gather(uow=uow, patient=patient, work=read), limit=limit, key=_by_time)


def overview(
    *, access: HospitalAccess, uow: UnitOfWork, patient: SignedIn, past: bool = False, numbers: bool = False
) -> Overview:
    """What is to come, and if asked what was (at most the 100 nearest of each at one hospital), and queue numbers."""
    now = utc_now()
    today = local_today(now)

    def read(visit: Visit) -> tuple[list[AppointmentRow], list[OwnNumber]]:
        mine = Filter(patient_id=visit.patient_id, since=today)
        rows = read_list(uow=visit.uow, actor=visit.actor, wanted=mine, limit=MOST_ROWS).items
        if past:
            earlier = latest_before(uow=visit.uow, patient_id=visit.patient_id, day=today, limit=MOST_ROWS)
            rows = [*earlier, *rows]
        if not numbers:
            return rows, []
        return rows, read_own_numbers(uow=visit.uow, actor=visit.actor, patient_id=visit.patient_id, now=now)

    gathered = access.gather(uow=uow, patient=patient, work=read)
    items = [Item(hospital=member, row=row) for member, (rows, _) in gathered.found for row in rows]
    items.sort(key=lambda item: _by_time(item.row))
    return Overview(
        upcoming=[item for item in items if _is_to_come(item, today)],
        past=[item for item in reversed(items) if not _is_to_come(item, today)] if past else [],
        unavailable=gathered.unavailable,
        hospitals=[*(member for member, _ in gathered.found), *gathered.unavailable],
        numbers=[(member, each) for member, (_, own) in gathered.found for each in own if each.stands],
    )


def _is_to_come(item: Item[AppointmentRow], today: date) -> bool:
    return item.row.status in {"scheduled", "confirmed", "in_progress"} and item.row.appointment_date >= today


def _by_time(row: AppointmentRow) -> tuple[date, time, UUID]:
    return row.appointment_date, row.start_time, row.id
