"""Ways into the patient portal: activation codes, and their redemption."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Text, bindparam, select, text, update

from central.auth.public import InvalidSecret, NoSecondFactor, RoutedSecret, end_sessions
from central.patient_index.public import Identifier
from kernel.clock import utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidFields, NotFound
from kernel.ids import new_row_id
from kernel.text import N_
from kernel.web.actor import Actor
from tenant_app.audit.service import record
from tenant_app.hospital.queries import tenant_code
from tenant_app.patients.models import Patient, PatientIdentifier
from tenant_app.patients.status_rules import refuse_closed
from tenant_app.portal.codes import digest_of_code, new_code
from tenant_app.portal.errors import NoIdentifier
from tenant_app.portal.models import PatientSession, PatientUser, PortalInvite

CODE_LIFETIME: Final = timedelta(hours=72)
# Why a patient's second factor is taken away: a code, since the audit log takes no free text about a patient.
RESET_REASONS: Final[Mapping[str, str]] = {
    "phone_lost": N_("The phone is lost or broken"),
    "phone_new": N_("A new phone, and the old one is gone"),
    "app_removed": N_("The app was removed from the phone"),
}
CHOOSE_REASON: Final = N_("Choose one.")

_ACT_FOR: Final = text(
    "SELECT set_config('sokham.patient_id', :patient, true), set_config('sokham.account_id', :account, true)"
).bindparams(bindparam("patient", type_=Text), bindparam("account", type_=Text))
_TAKE_FACTOR: Final = text("SELECT portal_take_second_factor(:account)")
_REDEEM: Final = text("SELECT invite_id, patient_id, account_id FROM portal_redeem_invite(:system, :value, :hash)")


@dataclass(frozen=True, kw_only=True, slots=True)
class IssuedCode:
    """An activation code; it is shown once and never stored."""

    activation_code: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Redeemed:
    """Whose code was redeemed; `account_id` is None where the patient has no account here yet."""

    invite_id: UUID
    patient_id: UUID
    account_id: UUID | None


def issue_code(*, uow: UnitOfWork, actor: Actor, patient_id: UUID) -> IssuedCode:
    """An activation code in place of the one before: 72 hours, five tries, one use.

    Raises NotFound, PatientInactive, NoIdentifier.
    """
    # The row is held until the end, so that of two who issue at once the second replaces the first one's code.
    status = uow.session.execute(
        select(Patient.status).where(Patient.id == patient_id).with_for_update(key_share=True)
    ).scalar_one_or_none()
    if status is None:
        raise NotFound("patient")
    refuse_closed(status)
    has_cccd = select(PatientIdentifier.id).where(
        PatientIdentifier.patient_id == patient_id,
        PatientIdentifier.system == "cccd",
        PatientIdentifier.valid_to.is_(None),
    )
    if uow.session.execute(has_cccd).first() is None:
        raise NoIdentifier
    now = utc_now()
    _replace_codes(uow, patient_id, now=now)
    code = new_code(tenant_code(uow=uow))
    uow.session.add(
        PortalInvite(
            id=new_row_id(),
            patient_id=patient_id,
            tag=code.tag,
            code_hash=digest_of_code(code),
            created_by=actor.id if actor.kind == "staff" else None,
            expires_at=now + CODE_LIFETIME,
        )
    )
    uow.flush()
    record(
        uow=uow,
        actor=actor,
        action="patient.invite",
        resource_type="patient",
        resource_id=patient_id,
        patient_id=patient_id,
    )
    return IssuedCode(activation_code=code.text, expires_at=now + CODE_LIFETIME)


def end_access(*, uow: UnitOfWork, patient_id: UUID, now: datetime) -> None:
    """End the code that is out, and the sessions; whose record is closed is not let in anew."""
    _replace_codes(uow, patient_id, now=now)
    accounts = select(PatientUser.id).where(PatientUser.patient_id == patient_id)
    uow.session.execute(
        update(PatientSession)
        .where(PatientSession.account_id.in_(accounts), PatientSession.ended_at.is_(None))
        .values(ended_at=now, end_reason="record_closed")
    )


def reset_patient_factor(*, uow: UnitOfWork, actor: Actor, patient_id: UUID, reason: str) -> None:
    """Take away the second factor of a patient who stands at the desk: sessions end, they are told at the next
    sign-in. Raises NotFound, InvalidFields naming `reason`, NoSecondFactor.
    """
    if reason not in RESET_REASONS:
        raise InvalidFields(errors={"reason": [CHOOSE_REASON]})
    account_id = uow.session.execute(
        select(PatientUser.id).where(PatientUser.patient_id == patient_id)
    ).scalar_one_or_none()
    if account_id is None:
        raise NotFound("patient account")
    if not uow.session.execute(_TAKE_FACTOR, {"account": account_id}).scalar_one():
        raise NoSecondFactor
    end_sessions(uow=uow, table=PatientSession, account_id=account_id, reason="mfa_reset", now=utc_now())
    record(
        uow=uow,
        actor=actor,
        action="patient.reset_mfa",
        resource_type="patient_user",
        resource_id=account_id,
        patient_id=patient_id,
        changed=("mfa_enabled",),
        reason=reason,
    )


def redeem_code(*, uow: UnitOfWork, identifier: Identifier, code: RoutedSecret) -> Redeemed:
    """Use up the live code of the patient with this identifier, under the portal's role.

    Raises InvalidSecret where there is none, it is another, it has expired or was tried five times: one answer for all.
    A wrong code has counted as a try, so the edge commits before it answers.
    """
    found = uow.session.execute(
        _REDEEM, {"system": identifier.system, "value": identifier.value, "hash": digest_of_code(code)}
    ).one_or_none()
    if found is None:
        raise InvalidSecret
    return Redeemed(invite_id=found.invite_id, patient_id=found.patient_id, account_id=found.account_id)


def act_for(*, uow: UnitOfWork, patient_id: UUID | None, account_id: UUID | None) -> None:
    """Say whom the rest of this transaction is for: row level security shows the portal's role no other rows.

    Only from a verified session, or from what a sign-in function answered. It ends with the transaction.
    """
    uow.session.execute(
        _ACT_FOR,
        {
            "patient": "" if patient_id is None else str(patient_id),
            "account": "" if account_id is None else str(account_id),
        },
    )


def _replace_codes(uow: UnitOfWork, patient_id: UUID, *, now: datetime) -> None:
    uow.session.execute(
        update(PortalInvite)
        .where(
            PortalInvite.patient_id == patient_id, PortalInvite.used_at.is_(None), PortalInvite.replaced_at.is_(None)
        )
        .values(replaced_at=now)
    )
