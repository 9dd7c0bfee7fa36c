"""Links between accounts of one person at two hospitals, as each hospital's rows say.

A session may go on from home to another hospital while both rows live: home's `opens`, and the other's `opened_by`,
which is the one that gives access. Either side can close the way alone, also while the other does not answer.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert

from kernel.clock import utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from tenant_app.portal.public import PatientLink, PatientUser, act_for

_LINKED: Final = text("SELECT account_id, patient_id FROM portal_linked_account(:tenant, :account)")


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherSide:
    """The account at the other end of a link."""

    tenant: TenantId
    account_id: UUID
    direction: str


def opened_by_account(*, uow: UnitOfWork, account_id: UUID) -> list[OtherSide]:
    """Where a session of this account may go on to, in the order of linking."""
    found = uow.session.execute(
        select(PatientLink.other_tenant_id, PatientLink.other_account_id, PatientLink.direction)
        .where(PatientLink.account_id == account_id, PatientLink.direction == "opens", PatientLink.ended_at.is_(None))
        .order_by(PatientLink.created_at, PatientLink.id)
    )
    return [_other(*row) for row in found]


def account_for(*, uow: UnitOfWork, home: TenantId, account_id: UUID) -> tuple[UUID, UUID] | None:
    """At the other hospital: the account and patient that a session of `account_id` at `home` may act for."""
    row = uow.session.execute(_LINKED, {"tenant": home, "account": account_id}).first()
    return (row.account_id, row.patient_id) if row is not None else None


def ensure_account(*, uow: UnitOfWork, patient_id: UUID) -> PatientUser:
    """The patient's account; made without a password where there is none, so that nobody signs in with it."""
    act_for(uow=uow, patient_id=patient_id, account_id=None)
    account = uow.session.execute(select(PatientUser).where(PatientUser.patient_id == patient_id)).scalar_one_or_none()
    if account is None:
        account = PatientUser(patient_id=patient_id)
        uow.session.add(account)
        uow.flush()
    act_for(uow=uow, patient_id=patient_id, account_id=account.id)
    return account


def add_link(
    *, uow: UnitOfWork, account_id: UUID, direction: str, other_tenant: TenantId, other_account_id: UUID
) -> None:
    """A row on this side; one that lives already stays as it is."""
    uow.session.execute(
        insert(PatientLink)
        .values(
            account_id=account_id,
            direction=direction,
            other_tenant_id=other_tenant,
            other_account_id=other_account_id,
        )
        .on_conflict_do_nothing()
    )


def end_links(
    *,
    uow: UnitOfWork,
    account_id: UUID,
    reason: str,
    direction: str | None = None,
    other_tenant: TenantId | None = None,
    other_account_id: UUID | None = None,
) -> list[OtherSide]:
    """End the account's live links, all or those named; the other sides, to be told after the commit."""
    ending = (
        update(PatientLink)
        .where(PatientLink.account_id == account_id, PatientLink.ended_at.is_(None))
        .values(ended_at=utc_now(), end_reason=reason)
        .returning(PatientLink.other_tenant_id, PatientLink.other_account_id, PatientLink.direction)
    )
    if direction is not None:
        ending = ending.where(PatientLink.direction == direction)
    if other_tenant is not None:
        ending = ending.where(PatientLink.other_tenant_id == other_tenant)
    if other_account_id is not None:
        ending = ending.where(PatientLink.other_account_id == other_account_id)
    return [_other(*row) for row in uow.session.execute(ending).all()]


def _other(tenant: UUID, account_id: UUID, direction: str) -> OtherSide:
    return OtherSide(tenant=TenantId.parse(tenant), account_id=account_id, direction=direction)
