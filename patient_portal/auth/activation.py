"""Activation: a code that the hospital's desk gave out, and the CCCD that the hospital has, make an account there."""

from dataclasses import dataclass

from central.auth.public import InvalidSecret, OtpRefused, Proof, Tokens, Visitor
from central.patient_index.public import Identifier, parse_identifier
from central.router.public import TenantRouter
from kernel.clock import utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from kernel.passwords import PATIENT_MINIMUM_LENGTH, Passwords, check_new_password
from patient_portal.auth.accounts import count_failure
from patient_portal.auth.factors import PatientFactors
from patient_portal.auth.pace import failures_in_step
from patient_portal.auth.passwords import REASON, reset_password
from patient_portal.auth.sessions import PatientSessions
from patient_portal.auth.sign_in import PatientSignIn
from patient_portal.hospitals.linking import Linking
from patient_portal.hospitals.links import OtherSide, ensure_account
from tenant_app.patients.public import patient_record
from tenant_app.portal.public import PatientUser, parse_code, redeem_code


@dataclass(frozen=True)
class PatientActivation:
    """Redeems codes. One that is given out again for an account that has a password is how the password is reset."""

    router: TenantRouter
    sign_in: PatientSignIn
    sessions: PatientSessions
    passwords: Passwords
    linking: Linking
    factors: PatientFactors

    def activate(self, *, cccd: str, activation_code: str, password: str, otp: str | None, visitor: Visitor) -> Tokens:
        """Choose the password and be signed in.

        Raises InvalidFields for what cannot be a CCCD or a good password; InvalidSecret for all else that is wrong with
        code or number (the try is committed); OtpRequired, OtpRefused and SignInLocked where the account has a second
        factor, which a code from the desk does not replace (the desk's code stays good); what the router raises when
        the code's hospital is away. All but the first are answered in step.
        """
        identifier = parse_identifier("cccd", cccd)
        check_new_password(password, known=(identifier.value,), minimum=PATIENT_MINIMUM_LENGTH)
        with failures_in_step():
            return self._activate(identifier, activation_code, password, otp, visitor)

    def _activate(
        self, identifier: Identifier, activation_code: str, password: str, otp: str | None, visitor: Visitor
    ) -> Tokens:
        code = parse_code(activation_code)
        tenant = self.sign_in.tenant_of(code.tag)
        with self.router.unit_of_work(tenant) as uow:
            try:
                redeemed = redeem_code(uow=uow, identifier=identifier, code=code)
            except InvalidSecret:
                uow.commit()
                raise
            account = ensure_account(uow=uow, patient_id=redeemed.patient_id)
            if account.status != "active":
                raise InvalidSecret
            patient = patient_record(uow=uow, patient_id=redeemed.patient_id).patient
            check_new_password(password, known=(patient.full_name, patient.phone or ""), minimum=PATIENT_MINIMUM_LENGTH)
            proof = self._prove(uow, account, tenant=tenant, otp=otp, visitor=visitor)
            ended = self._set_password(uow, account, password)
            tokens = self.sign_in.open_session(
                uow=uow,
                account=account,
                proof=proof,
                tenant=tenant,
                tag=code.tag,
                visitor=visitor,
                method="activation",
                action="auth.activate",
                changed=("password",),
            )
            uow.commit()
        self.linking.tell(home=tenant, account_id=account.id, ended=ended, reason=REASON)
        return tokens

    def _prove(
        self, uow: UnitOfWork, account: PatientUser, *, tenant: TenantId, otp: str | None, visitor: Visitor
    ) -> Proof | None:
        account_id, patient_id = account.id, account.patient_id
        try:
            return self.factors.require(uow=uow, tenant=tenant, account=account, otp=otp, visitor=visitor)
        except OtpRefused:
            # The desk's code is good for another try, and only the failure is kept of this one.
            uow.session.rollback()
            count_failure(
                uow=uow,
                account_id=account_id,
                patient_id=patient_id,
                visitor=visitor,
                method="activation",
                reason="wrong_code",
            )
            uow.commit()
            raise

    def _set_password(self, uow: UnitOfWork, account: PatientUser, password: str) -> list[OtherSide]:
        now = utc_now()
        hashed = self.passwords.hash(password)
        account.last_login_at = now
        if account.password_hash is not None:
            return reset_password(uow=uow, sessions=self.sessions, account=account, password_hash=hashed)
        # A first password resets nothing: links to an account without one were made with this hospital's own codes.
        account.password_hash = hashed
        account.password_updated_at = now
        uow.flush()
        return []
