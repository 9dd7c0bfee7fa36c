"""A patient's second factor: its secret is sealed under the data key of the hospital of the account."""

from central.auth.public import (
    FactorVault,
    OwnSecondFactor,
    SecondFactors,
    Visitor,
    WrongPassword,
    lockout,
)
from kernel.clock import utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.passwords import Passwords
from kernel.web.actor import Actor
from keys.public import Keychain, scopes
from patient_portal.auth.accounts import count_failure
from patient_portal.auth.sessions import PatientSessions, signed_in_patient
from tenant_app.audit.public import record
from tenant_app.hospital.public import hospital_keys
from tenant_app.portal.public import PatientRecoveryCode, PatientSignInFailure, PatientUser


class PatientFactors(SecondFactors):
    """Second factors of patients."""

    def __init__(self, keychain: Keychain) -> None:
        super().__init__(
            account_table=PatientUser,
            recovery_table=PatientRecoveryCode,
            failure_table=PatientSignInFailure,
            vault=FactorVault(keychain=keychain, scope=scopes.HOSPITAL, stores=hospital_keys),
        )


class PatientSecondFactor(OwnSecondFactor):
    """The second factor of the patient who asks, at the hospital that they sign in with."""

    def __init__(self, *, factors: PatientFactors, sessions: PatientSessions, passwords: Passwords) -> None:
        super().__init__(factors=factors, sessions=sessions)
        self._passwords = passwords

    def _issuer(self) -> str:
        return f"Sổ khám {signed_in_patient().tenant_code}"

    def _require_password(self, *, uow: UnitOfWork, actor: Actor, password: str, visitor: Visitor) -> None:
        account = uow.session.get_one(
            PatientUser, actor.id, with_for_update={"key_share": True}, populate_existing=True
        )
        network = lockout.source_of(visitor, actor.id)
        lockout.require_unlocked(
            uow=uow, table=PatientSignInFailure, account_id=actor.id, network=network, now=utc_now()
        )
        if not self._passwords.matches(account.password_hash, password):
            count_failure(uow=uow, account_id=actor.id, patient_id=account.patient_id, visitor=visitor)
            raise WrongPassword(field="password")
        if not account.mfa_enabled:
            lockout.clear_failures(uow=uow, table=PatientSignInFailure, account_id=actor.id, network=network)

    def _record(self, *, uow: UnitOfWork, actor: Actor, action: str) -> None:
        record(
            uow=uow,
            actor=actor,
            action=action,
            resource_type="patient_user",
            resource_id=actor.id,
            patient_id=signed_in_patient().patient_id,
        )
