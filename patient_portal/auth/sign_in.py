"""Signing in with CCCD and password: which hospitals know the person, which account's password it is, a session there.

From outside there is one answer for an unknown number, a wrong password, a locked account and a hospital that does not
answer, after the same two checks of a password. Where somebody is a patient is itself health data (docs/adr/0008).
That an account has a second factor shows after its right password only.
"""

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy.exc import OperationalError

from central.auth.public import (
    InvalidSecret,
    OtpRefused,
    OtpRequired,
    Proof,
    RefreshReplayed,
    SignInLocked,
    Tokens,
    Visitor,
    lockout,
    mark_of,
    parse_secret,
)
from central.patient_index.public import Identifier, parse_identifier
from central.router.public import (
    HospitalSuspended,
    HospitalUnavailable,
    HospitalUnknown,
    RedisOutages,
    RoutesUnavailable,
    TenantRouter,
)
from kernel.clock import utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidIdentifier, Unavailable
from kernel.ids import TenantId, parse_uuid
from kernel.passwords import Passwords
from kernel.telemetry.logs import get_logger
from patient_portal.auth.accounts import (
    Account,
    account_by_id,
    account_of_refresh_token,
    accounts_of,
    count_failure,
    open_account,
    write_down,
)
from patient_portal.auth.factors import PatientFactors
from patient_portal.auth.pace import failures_in_step
from patient_portal.auth.sessions import ROLE, PatientSessions, patient_actor
from patient_portal.errors import PatientSignInFailed
from tenant_app.audit.public import record
from tenant_app.portal.public import PatientSignInFailure, PatientUser, act_for

log = get_logger(__name__)

CHECKS: Final = 2


@dataclass
class _Found:
    """The accounts of a number; `away` where nobody could have been asked, whatever the number."""

    accounts: list[Account] = field(default_factory=list)
    away: Unavailable | None = None


@dataclass(frozen=True)
class PatientSignIn:
    """What the API and the pages of signing in do; each write is one transaction at the account's hospital."""

    router: TenantRouter
    sessions: PatientSessions
    passwords: Passwords
    outages: RedisOutages
    factors: PatientFactors

    def sign_in(
        self, *, cccd: str, password: str, otp: str | None, visitor: Visitor, hospital: str | None = None
    ) -> Tokens:
        """A session at the hospital whose account has this password; `hospital` (its code) where there are several.

        Raises InvalidCccd for what is no CCCD; PatientSignInFailed, also where a hospital of this number does not
        answer; Unavailable when central, or the hospital that was named, could not be asked; after the right password
        of an account with a second factor, OtpRequired or OtpRefused. Exactly two passwords are checked in each of
        these cases but the first, and failures are answered in step.

        What remains: a hospital that hangs instead of refusing is waited for, up to the router's time-outs, until the
        worker's sweep has found it too. To be as slow with every number would cost the portal its threads.
        """
        identifier = parse_identifier("cccd", cccd)
        with failures_in_step():
            return self._sign_in(identifier, password, otp, visitor, hospital)

    def finish(self, *, step: Mapping[str, Any], otp: str, visitor: Visitor) -> Tokens:
        """The code after the password; `step` are the verified claims between the two.

        Raises PatientSignInFailed where the account is closed by now, or its password another; OtpRequired,
        OtpRefused, SignInLocked; what the router raises.
        """
        tenant = TenantId.parse(step["tenant"])
        with self.router.unit_of_work(tenant) as uow:
            row = account_by_id(uow=uow, account_id=parse_uuid(step["sub"], what="account"))
            if row is None or not hmac.compare_digest(mark_of(row), step["mark"]):
                raise PatientSignInFailed(away={})
            proof = self._prove(uow, row, tenant=tenant, otp=otp, visitor=visitor)
            return self._let_in(uow, row, proof, tenant=tenant, visitor=visitor)

    def open_session(
        self,
        *,
        uow: UnitOfWork,
        account: PatientUser,
        proof: Proof | None,
        tenant: TenantId,
        tag: str,
        visitor: Visitor,
        method: str = "password",
        action: str = "auth.sign_in",
        changed: Collection[str] = (),
    ) -> Tokens:
        """A session of this account, with its rows in the login log and the audit log; the caller commits."""
        tokens = self.sessions.start(
            uow=uow,
            account_id=account.id,
            tag=tag,
            claims=claims_of(tenant),
            visitor=visitor,
            mfa_at=proof.at if proof else None,
            greeting=self.factors.greeting(account=account, proof=proof),
        )
        write_down(
            uow=uow,
            account_id=account.id,
            patient_id=account.patient_id,
            method=method,
            status="success",
            visitor=visitor,
        )
        record(
            uow=uow,
            actor=patient_actor(tenant=tenant, account_id=account.id, session_id=tokens.session_id),
            action=action,
            resource_type="patient_user",
            resource_id=account.id,
            patient_id=account.patient_id,
            changed=changed,
        )
        return tokens

    def _sign_in(
        self, identifier: Identifier, password: str, otp: str | None, visitor: Visitor, hospital: str | None
    ) -> Tokens:
        found = self._find(identifier, hospital, visitor)
        chosen = sorted(found.accounts, key=lambda each: each.last_used_at, reverse=True)[:CHECKS]
        padded = [*chosen, *[None] * (CHECKS - len(chosen))]
        right = [self.passwords.matches(each.password_hash if each else None, password) for each in padded]
        for account, matches in zip(chosen, right, strict=False):
            if matches and not account.locked:
                tokens = self._begin(account, password=password, otp=otp, visitor=visitor)
                if tokens is not None:
                    return tokens
        for account, matches in zip(chosen, right, strict=False):
            if not matches:
                self._count(account, visitor=visitor)
        if found.away is not None:
            raise found.away
        if hospital is None:
            # While central is away, absence cannot be told from not knowing: failing then has one answer too.
            self.router.check()
        raise PatientSignInFailed(away=self._known_away())

    def refresh(self, token: str) -> Tokens:
        """Exchange a refresh token; raises InvalidSecret. One that is shown twice ends its session."""
        secret = parse_secret(token)
        tenant = self.tenant_of(secret.tag)
        with self.router.unit_of_work(tenant) as uow:
            owner = account_of_refresh_token(uow=uow, digest=secret.digest)
            if owner is None:
                raise InvalidSecret
            account = open_account(uow=uow, account_id=owner[0], patient_id=owner[1])
            try:
                session = self.sessions.renew(uow=uow, secret=secret)
            except RefreshReplayed:
                uow.commit()
                raise
            if account is None:
                raise InvalidSecret
            tokens = self.sessions.tokens_for(uow=uow, session=session, tag=secret.tag, claims=claims_of(tenant))
            uow.commit()
            return tokens

    def sign_out(self, token: str) -> None:
        """End the session that a refresh token belongs to; raises InvalidSecret."""
        secret = parse_secret(token)
        with self.router.unit_of_work(self.tenant_of(secret.tag)) as uow:
            owner = account_of_refresh_token(uow=uow, digest=secret.digest)
            if owner is None:
                raise InvalidSecret
            open_account(uow=uow, account_id=owner[0], patient_id=owner[1])
            self.sessions.end_by_refresh(uow=uow, secret=secret)
            uow.commit()

    def end(self, *, tenant: TenantId, account_id: UUID, session_id: UUID) -> None:
        """End the session of a page, as its verified token names it; raises what the router raises."""
        with self.router.unit_of_work(tenant) as uow:
            act_for(uow=uow, patient_id=None, account_id=account_id)
            self.sessions.end(uow=uow, session_id=session_id)
            uow.commit()

    def tenant_of(self, tag: str) -> TenantId:
        """The hospital that a code's or token's tag names; raises InvalidSecret when it is none that is active."""
        try:
            return self.router.route_by_code(tag).tenant
        except (HospitalUnknown, HospitalSuspended, InvalidIdentifier):
            raise InvalidSecret from None

    def _find(self, identifier: Identifier, hospital: str | None, visitor: Visitor) -> _Found:
        """Ask each hospital that may have an account; one that is away or suspended is left out.

        Only where the person named the hospital may the answer say that it is away: then it says so of every number.
        Otherwise one that the worker and this process both found away is not tried again: it may hang, and time tells.
        """
        found = _Found()
        try:
            tenants = self._hospitals(identifier, hospital)
        except RoutesUnavailable as away:
            return _Found(away=away)
        for tenant in tenants:
            if hospital is None and self.router.doubted(tenant) and tenant in self.outages.known():
                continue
            try:
                with self.router.unit_of_work(tenant) as uow:
                    found.accounts += accounts_of(uow=uow, tenant=tenant, identifier=identifier, visitor=visitor)
            except (HospitalSuspended, HospitalUnknown):
                continue
            except (Unavailable, OperationalError) as error:
                lost = error if isinstance(error, Unavailable) else HospitalUnavailable("lost in the middle")
                log.warning("sign_in.hospital_skipped", tenant=tenant, code=lost.code)
                if hospital is not None:
                    found.away = lost
        return found

    def _hospitals(self, identifier: Identifier, hospital: str | None) -> tuple[TenantId, ...]:
        """Those that the index names; or the one that the person names, whether the index knows of it or not."""
        if hospital is None:
            return self.router.hospitals_of(identifier.system, identifier.value)
        try:
            return (self.router.route_by_code(hospital).tenant,)
        except (HospitalUnknown, HospitalSuspended, InvalidIdentifier):
            return ()

    def _known_away(self) -> dict[str, str]:
        """Code and name of the hospitals that do not answer the worker either, so that nobody doubts their password.

        Never those that this process found away by itself: it asks because of a number.
        """
        names = {}
        for tenant in self.outages.known():
            try:
                route = self.router.route(tenant)
            except (HospitalUnknown, HospitalSuspended, RoutesUnavailable):
                continue
            names[route.tenant_code] = route.name
        return dict(sorted(names.items()))

    def _begin(self, account: Account, *, password: str, otp: str | None, visitor: Visitor) -> Tokens | None:
        """A session; None where the account has changed, or was locked, since its password was checked."""
        with self.router.unit_of_work(account.tenant) as uow:
            row = open_account(uow=uow, account_id=account.account_id, patient_id=account.patient_id)
            if row is None or row.password_hash != account.password_hash:
                return None
            if self.passwords.outdated(account.password_hash):
                row.password_hash = self.passwords.hash(password)
            if not row.mfa_enabled:
                source = lockout.source_of(visitor, account.account_id)
                lockout.clear_failures(
                    uow=uow, table=PatientSignInFailure, account_id=account.account_id, network=source
                )
                row.failed_login_attempts = 0
                row.last_login_at = utc_now()
            try:
                proof = self._prove(uow, row, tenant=account.tenant, otp=otp, visitor=visitor)
            except SignInLocked:
                return None
            return self._let_in(uow, row, proof, tenant=account.tenant, visitor=visitor)

    def _prove(
        self, uow: UnitOfWork, row: PatientUser, *, tenant: TenantId, otp: str | None, visitor: Visitor
    ) -> Proof | None:
        """The second factor, where there is one; what was counted of a wrong code is committed."""
        try:
            return self.factors.require(uow=uow, tenant=tenant, account=row, otp=otp, visitor=visitor)
        except OtpRequired:
            uow.commit()
            raise
        except OtpRefused:
            write_down(
                uow=uow,
                account_id=row.id,
                patient_id=row.patient_id,
                method="password",
                status="failed",
                reason="wrong_code",
                visitor=visitor,
            )
            uow.commit()
            raise

    def _let_in(
        self, uow: UnitOfWork, row: PatientUser, proof: Proof | None, *, tenant: TenantId, visitor: Visitor
    ) -> Tokens:
        tag = self.router.route(tenant).tenant_code
        tokens = self.open_session(uow=uow, account=row, proof=proof, tenant=tenant, tag=tag, visitor=visitor)
        uow.commit()
        return tokens

    def _count(self, account: Account, *, visitor: Visitor) -> None:
        """A failure counts where the account is; while it is locked from there it is only written down."""
        try:
            with self.router.unit_of_work(account.tenant) as uow:
                if account.locked:
                    open_account(uow=uow, account_id=account.account_id, patient_id=account.patient_id)
                    write_down(
                        uow=uow,
                        account_id=account.account_id,
                        patient_id=account.patient_id,
                        method="password",
                        status="locked",
                        visitor=visitor,
                    )
                else:
                    count_failure(
                        uow=uow,
                        account_id=account.account_id,
                        patient_id=account.patient_id,
                        visitor=visitor,
                    )
                uow.commit()
        except (HospitalSuspended, HospitalUnknown, Unavailable, OperationalError):
            log.warning("sign_in.failure_not_counted", tenant=account.tenant)


def claims_of(tenant: TenantId) -> dict[str, str]:
    """What stands in a patient's tokens beside subject and session."""
    return {"tenant": str(tenant), "role": ROLE}
