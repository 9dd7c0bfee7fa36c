"""A patient's notices over all hospitals of the session."""

from dataclasses import dataclass

from kernel.database.unit_of_work import UnitOfWork
from kernel.listing import Page
from patient_portal.auth.sessions import SignedIn
from patient_portal.hospitals.access import HospitalAccess, Member, Visit
from patient_portal.hospitals.merging import ItemsPage, merged
from tenant_app.notices.public import (
    MOST_COUNTED,
    PatientNoticeRow,
    by_moment,
    note_all_own_read,
    read_own_notices,
    unread_notices,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Notices:
    """A page of them, and how many are unread, where hospitals answered; counting ends at MOST_COUNTED."""

    page: ItemsPage[PatientNoticeRow]
    unread: int


def list_notices(
    *,
    access: HospitalAccess,
    uow: UnitOfWork,
    patient: SignedIn,
    unread_only: bool = False,
    limit: int = 25,
    cursor: str | None = None,
) -> Notices:
    """The newest first. Raises InvalidFields for a foreign cursor."""
    unread = 0

    def read(visit: Visit) -> Page[PatientNoticeRow]:
        nonlocal unread
        unread += unread_notices(uow=visit.uow, patient_id=visit.patient_id)
        return read_own_notices(
            uow=visit.uow,
            actor=visit.actor,
            patient_id=visit.patient_id,
            unread_only=unread_only,
            limit=limit,
            cursor=cursor,
        )

    gathered = access.gather(uow=uow, patient=patient, work=read)
    page = merged(gathered, limit=limit, key=by_moment, newest_first=True)
    return Notices(page=page, unread=min(unread, MOST_COUNTED))


@dataclass(frozen=True, kw_only=True, slots=True)
class Unread:
    """How many are unread at all hospitals, but for those that could not be asked."""

    count: int
    unavailable: list[Member]


def count_unread(*, access: HospitalAccess, uow: UnitOfWork, patient: SignedIn) -> Unread:
    """Counting ends at MOST_COUNTED."""
    gathered = access.gather(
        uow=uow, patient=patient, work=lambda visit: unread_notices(uow=visit.uow, patient_id=visit.patient_id)
    )
    return Unread(count=min(sum(count for _, count in gathered.found), MOST_COUNTED), unavailable=gathered.unavailable)


def note_all_read(*, access: HospitalAccess, uow: UnitOfWork, patient: SignedIn) -> list[Member]:
    """All are read, wherever the hospital answers; those that did not."""
    return access.gather(
        uow=uow, patient=patient, work=lambda visit: note_all_own_read(uow=visit.uow, patient_id=visit.patient_id)
    ).unavailable
