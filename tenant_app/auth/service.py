"""One sign-in, invite or refresh of staff: find the hospital, prove there, commit there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from central.auth.public import (
    FactorVault,
    InvalidSecret,
    Invited,
    OtpRefused,
    OtpRequired,
    Proof,
    RefreshReplayed,
    SecondFactors,
    SessionRules,
    Sessions,
    SignInFailed,
    SigningIn,
    Tokens,
    Visitor,
    parse_secret,
)
from central.router.public import HospitalSuspended, HospitalUnknown, TenantRouter
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidIdentifier
from kernel.ids import TenantId, parse_uuid
from kernel.passwords import Passwords
from keys.public import Keychain, TokenSigner, scopes
from tenant_app.audit.public import record_sign_in
from tenant_app.auth.models import PasswordHistory, StaffRecoveryCode, StaffSignInFailure
from tenant_app.hospital.public import hospital_keys
from tenant_app.staff.models import StaffInvite, StaffRefreshToken, StaffSession, User

AUDIENCE = "staff"
ISSUER = "staff"


class StaffSessions(Sessions):
    """Sessions of staff."""

    def __init__(self, *, signer: TokenSigner, rules: SessionRules | None = None) -> None:
        super().__init__(
            session_table=StaffSession,
            refresh_table=StaffRefreshToken,
            signer=signer,
            audience=AUDIENCE,
            rules=rules,
        )


class StaffAccounts(SigningIn):
    """Accounts of staff."""

    def __init__(self, passwords: Passwords) -> None:
        super().__init__(
            account_table=User,
            invite_table=StaffInvite,
            failure_table=StaffSignInFailure,
            history_table=PasswordHistory,
            passwords=passwords,
        )


class StaffFactors(SecondFactors):
    """Second factors of staff, sealed under their hospital's own data key."""

    def __init__(self, keychain: Keychain) -> None:
        super().__init__(
            account_table=User,
            recovery_table=StaffRecoveryCode,
            failure_table=StaffSignInFailure,
            vault=FactorVault(keychain=keychain, scope=scopes.HOSPITAL, stores=hospital_keys),
        )


@dataclass(frozen=True)
class StaffSignIn:
    """What the API and the pages of signing in do. Each call is one transaction on one hospital's database."""

    router: TenantRouter
    sessions: StaffSessions
    accounts: StaffAccounts
    factors: StaffFactors

    def sign_in(self, *, hospital: str, username: str, password: str, otp: str | None, visitor: Visitor) -> Tokens:
        """Sign in at the hospital with this code.

        Raises SignInFailed for an unknown hospital, name or password alike (the same Argon2id work is done for each);
        after the right password OtpRequired or OtpRefused; SignInLocked, or what the router raises when the hospital
        cannot be reached.
        """
        try:
            route = self.router.route_by_code(hospital)
        except (HospitalUnknown, HospitalSuspended, InvalidIdentifier):
            self.accounts.spend(password)
            raise SignInFailed from None
        with self.router.unit_of_work(route.tenant) as uow:
            try:
                account = self.accounts.check(uow=uow, username=username, password=password, visitor=visitor)
            except SignInFailed as failure:
                record_sign_in(uow=uow, user_id=failure.account_id, succeeded=False)
                uow.commit()
                raise
            proof = self._prove(uow, account, tenant=route.tenant, otp=otp, visitor=visitor)
            return self._begin(uow, account, proof, tag=route.tenant_code, tenant=route.tenant, visitor=visitor)

    def finish(self, *, step: Mapping[str, Any], otp: str, visitor: Visitor) -> Tokens:
        """The code after the password; `step` are the verified claims between the two. Raises as `sign_in`."""
        tenant = TenantId.parse(step["tenant"])
        with self.router.unit_of_work(tenant) as uow:
            account = self.accounts.resumed(
                uow=uow, account_id=parse_uuid(step["sub"], what="account"), mark=step["mark"]
            )
            proof = self._prove(uow, account, tenant=tenant, otp=otp, visitor=visitor)
            tag = self.router.route(tenant).tenant_code
            return self._begin(uow, account, proof, tag=tag, tenant=tenant, visitor=visitor)

    def greet(self, token: str) -> Invited:
        """Whom an unused invite is for; raises InvalidSecret."""
        secret = parse_secret(token)
        with self.router.unit_of_work(self._tenant(secret.tag)) as uow:
            return self.accounts.invited(uow=uow, secret=secret)

    def accept_invite(self, *, token: str, password: str, otp: str | None, visitor: Visitor) -> Tokens:
        """Choose a password, the first or a new one, and be signed in; raises InvalidSecret or InvalidFields.

        A new one is set only with the code of the account's second factor: OtpRequired, OtpRefused.
        """
        secret = parse_secret(token)
        tenant = self._tenant(secret.tag)
        with self.router.unit_of_work(tenant) as uow:
            account = self.accounts.opened(uow=uow, secret=secret)
            proof = self._prove(uow, account, tenant=tenant, otp=otp, visitor=visitor)
            self.accounts.accept(uow=uow, secret=secret, password=password, known=self.names_of(tenant))
            # Where it replaces a password, whoever came in with the old one is out.
            self.sessions.end_all(uow=uow, account_id=account.id, reason="password_changed")
            return self._begin(uow, account, proof, tag=secret.tag, tenant=tenant, visitor=visitor)

    def names_of(self, tenant: TenantId) -> tuple[str, str]:
        """The words of a hospital that no password there may hold: its code and its name."""
        route = self.router.route(tenant)
        return route.tenant_code, route.name

    def refresh(self, token: str) -> Tokens:
        """Exchange a refresh token; raises InvalidSecret. One that is shown twice ends its session."""
        secret = parse_secret(token)
        tenant = self._tenant(secret.tag)
        with self.router.unit_of_work(tenant) as uow:
            try:
                session = self.sessions.renew(uow=uow, secret=secret)
            except RefreshReplayed:
                uow.commit()
                raise
            account = uow.session.get_one(User, session.account_id)
            if account.status != "active":
                raise InvalidSecret
            tokens = self.sessions.tokens_for(uow=uow, session=session, tag=secret.tag, claims=_claims(tenant, account))
            uow.commit()
            return tokens

    def sign_out(self, token: str) -> None:
        """End the session that a refresh token belongs to; raises InvalidSecret."""
        secret = parse_secret(token)
        with self.router.unit_of_work(self._tenant(secret.tag)) as uow:
            self.sessions.end_by_refresh(uow=uow, secret=secret)
            uow.commit()

    def end(self, *, uow: UnitOfWork, session_id: UUID) -> None:
        """End the session of a page; the caller commits."""
        self.sessions.end(uow=uow, session_id=session_id)

    def _tenant(self, tag: str) -> TenantId:
        try:
            return self.router.route_by_code(tag).tenant
        except (HospitalUnknown, HospitalSuspended, InvalidIdentifier):
            raise InvalidSecret from None

    def _prove(
        self, uow: UnitOfWork, account: Any, *, tenant: TenantId, otp: str | None, visitor: Visitor
    ) -> Proof | None:
        try:
            return self.factors.require(uow=uow, tenant=tenant, account=account, otp=otp, visitor=visitor)
        except OtpRequired:
            uow.commit()
            raise
        except OtpRefused:
            record_sign_in(uow=uow, user_id=account.id, succeeded=False, by_code=True)
            uow.commit()
            raise

    def _begin(
        self, uow: UnitOfWork, account: Any, proof: Proof | None, *, tag: str, tenant: TenantId, visitor: Visitor
    ) -> Tokens:
        tokens = self.sessions.start(
            uow=uow,
            account_id=account.id,
            tag=tag,
            claims=_claims(tenant, account),
            visitor=visitor,
            mfa_at=proof.at if proof else None,
            greeting=self.factors.greeting(account=account, proof=proof),
        )
        record_sign_in(uow=uow, user_id=account.id, succeeded=True)
        uow.commit()
        return tokens


def _claims(tenant: TenantId, account: User) -> dict[str, str]:
    return {"tenant": str(tenant), "role": account.role}
