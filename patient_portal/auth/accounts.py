"""A patient's accounts in hospitals' databases, under the portal's role: found, opened, locked, written down.

Row level security shows nothing until the transaction says whom it is for. Before anybody is known, a few functions of
the database answer exactly one question each.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, text

from central.auth.public import SignInLocked, Visitor, lockout
from central.patient_index.public import Identifier
from kernel.clock import utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from tenant_app.patients.public import Patient
from tenant_app.portal.public import PatientLoginLog, PatientSignInFailure, PatientUser, act_for

_BY_IDENTIFIER: Final = text(
    "SELECT account_id, patient_id, password_hash, last_login_at FROM portal_accounts_by_identifier(:system, :value)"
    " WHERE status = 'active' AND password_hash IS NOT NULL"
)
_BY_REFRESH_TOKEN: Final = text("SELECT account_id, patient_id FROM portal_account_of_refresh_token(:digest)")
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """An account that one can sign in to, as its hospital told it. `locked`: not from where the visitor is now."""

    tenant: TenantId
    account_id: UUID
    patient_id: UUID
    password_hash: str = field(repr=False)
    last_used_at: datetime
    locked: bool


def accounts_of(*, uow: UnitOfWork, tenant: TenantId, identifier: Identifier, visitor: Visitor) -> list[Account]:
    """The accounts at this hospital of whoever has this number; mostly one or none."""
    found = uow.session.execute(_BY_IDENTIFIER, {"system": identifier.system, "value": identifier.value}).all()
    return [
        Account(
            tenant=tenant,
            account_id=row.account_id,
            patient_id=row.patient_id,
            password_hash=row.password_hash,
            last_used_at=row.last_login_at or _NEVER,
            locked=_locked(uow, patient_id=row.patient_id, account_id=row.account_id, visitor=visitor),
        )
        for row in found
    ]


def open_account(*, uow: UnitOfWork, account_id: UUID, patient_id: UUID) -> PatientUser | None:
    """Act for this account from here on; None unless it is active, and the patient's record too."""
    act_for(uow=uow, patient_id=patient_id, account_id=account_id)
    wanted = (
        select(PatientUser)
        .join(Patient, Patient.id == PatientUser.patient_id)
        .where(PatientUser.id == account_id, PatientUser.status == "active", Patient.status == "active")
    )
    return uow.session.execute(wanted).scalar_one_or_none()


def account_by_id(*, uow: UnitOfWork, account_id: UUID) -> PatientUser | None:
    """The same by its id alone, as a verified token names it."""
    act_for(uow=uow, patient_id=None, account_id=account_id)
    account = uow.session.get(PatientUser, account_id)
    if account is None:
        return None
    return open_account(uow=uow, account_id=account_id, patient_id=account.patient_id)


def account_of_refresh_token(*, uow: UnitOfWork, digest: bytes) -> tuple[UUID, UUID] | None:
    """The account and the patient that a refresh token belongs to, used or not."""
    row = uow.session.execute(_BY_REFRESH_TOKEN, {"digest": digest}).one_or_none()
    return (row.account_id, row.patient_id) if row is not None else None


def count_failure(
    *,
    uow: UnitOfWork,
    account_id: UUID,
    patient_id: UUID,
    visitor: Visitor,
    reason: str = "wrong_password",
    method: str = "password",
) -> None:
    """A wrong password, or a wrong code after a right one: count it for where it came from, and write it down."""
    row = open_account(uow=uow, account_id=account_id, patient_id=patient_id)
    if row is None:
        return
    row.failed_login_attempts += 1
    uow.flush()
    source = lockout.source_of(visitor, account_id)
    lockout.count_failure(uow=uow, table=PatientSignInFailure, account_id=account_id, network=source, now=utc_now())
    write_down(
        uow=uow,
        account_id=account_id,
        patient_id=patient_id,
        method=method,
        status="failed",
        reason=reason,
        visitor=visitor,
    )


def write_down(
    *,
    uow: UnitOfWork,
    account_id: UUID,
    patient_id: UUID,
    method: str,
    status: str,
    visitor: Visitor,
    reason: str | None = None,
) -> None:
    """A row of the login log (specification 2.9)."""
    uow.session.add(
        PatientLoginLog(
            patient_id=patient_id,
            patient_user_id=account_id,
            login_method=method,
            login_status=status,
            failure_reason=reason,
            ip_address=visitor.ip_address,
            user_agent=(visitor.user_agent or "")[:255] or None,
        )
    )
    uow.flush()


def _locked(uow: UnitOfWork, *, patient_id: UUID, account_id: UUID, visitor: Visitor) -> bool:
    act_for(uow=uow, patient_id=patient_id, account_id=account_id)
    try:
        source = lockout.source_of(visitor, account_id)
        lockout.require_unlocked(
            uow=uow, table=PatientSignInFailure, account_id=account_id, network=source, now=utc_now()
        )
    except SignInLocked:
        return True
    return False
