"""The second factor of accounts: set up, asked for, used, taken away. The same for administrators, staff and patients.

A code counts once: its step is noted in the account's row by one conditional update, so that of two requests with the
same code one passes. Tries are counted as those at a password are (central.auth.lockout), and only who gave the right
password gets to try: nobody else can make the owner wait.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CursorResult, delete, func, or_, select, update

from central.auth import lockout, recovery_codes, totp
from central.auth.factor_errors import NoPendingFactor, OtpRefused, OtpRequired, PendingStep, WrongOtp
from central.auth.secrets import digest_of
from central.auth.sessions import Greeting, Visitor
from kernel.clock import Clock, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from kernel.telemetry.logs import get_logger
from keys.public import DataKeyStore, FieldContext, Keychain, Undecryptable

log = get_logger(__name__)

# A secret that was shown is to be confirmed soon, in the session that asked for it.
PENDING_LIFETIME: Final = timedelta(minutes=15)

Stores = Callable[[UnitOfWork, TenantId | None], DataKeyStore]


@dataclass(frozen=True, kw_only=True)
class FactorVault:
    """Seals the secrets: in a hospital's database under the hospital's own data key, in central's under central's."""

    keychain: Keychain
    scope: str
    stores: Stores

    def seal(self, *, uow: UnitOfWork, secret: str, context: FieldContext) -> str:
        """The secret as it is stored; raises KeySourceUnavailable."""
        store = self.stores(uow, context.tenant)
        return self.keychain.seal(store, secret, scope=self.scope, tenant=context.tenant, context=context)

    def open(self, *, uow: UnitOfWork, sealed: str, context: FieldContext) -> str | None:
        """The secret; None for one that was changed, or moved here from another row or hospital."""
        store = self.stores(uow, context.tenant)
        try:
            return self.keychain.open(store, sealed, scope=self.scope, tenant=context.tenant, context=context).decode()
        except Undecryptable:
            log.warning("second_factor.undecryptable", tenant=context.tenant, table=context.table)
            return None


@dataclass(frozen=True, kw_only=True, slots=True)
class FactorState:
    """What an account's owner sees of the own factor."""

    enabled: bool
    enabled_at: datetime | None
    recovery_left: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """That the factor was proven; `recovery_left` is said where a recovery code was used up."""

    at: datetime
    recovery_left: int | None = None


class SecondFactors:
    """The factors of one kind of account, in the tables given."""

    def __init__(
        self,
        *,
        account_table: Any,
        recovery_table: Any,
        failure_table: Any,
        vault: FactorVault,
        clock: Clock = utc_now,
    ) -> None:
        self._accounts = account_table
        self._codes = recovery_table
        self._failures = failure_table
        self._vault = vault
        self._clock = clock

    def require(
        self, *, uow: UnitOfWork, tenant: TenantId | None, account: Any, otp: str | None, visitor: Visitor
    ) -> Proof | None:
        """The proof, after the right password; None where the account has no factor.

        Raises OtpRequired without a code, OtpRefused (the edge commits what was counted), SignInLocked.
        """
        if not account.mfa_enabled:
            return None
        if not (otp or "").strip():
            raise OtpRequired(PendingStep(tenant=tenant, account_id=account.id, mark=mark_of(account)))
        proof = self._try(uow, tenant, account.id, otp or "", visitor)
        if proof is None:
            raise OtpRefused(account_id=account.id)
        account.failed_login_attempts = 0
        account.last_login_at = proof.at
        uow.flush()
        return proof

    def check(self, *, uow: UnitOfWork, tenant: TenantId | None, account_id: UUID, otp: str, visitor: Visitor) -> None:
        """The owner proves the factor once more; raises WrongOtp (the edge commits what was counted), SignInLocked."""
        if not otp.strip() or self._try(uow, tenant, account_id, otp, visitor) is None:
            raise WrongOtp

    def state(self, *, uow: UnitOfWork, account_id: UUID) -> FactorState:
        """Whether it is on, since when, and how many recovery codes are left."""
        accounts = self._accounts
        row = uow.session.execute(
            select(accounts.mfa_enabled, accounts.mfa_enabled_at).where(accounts.id == account_id)
        ).one()
        left = self._recovery_left(uow, account_id) if row.mfa_enabled else 0
        return FactorState(enabled=row.mfa_enabled, enabled_at=row.mfa_enabled_at, recovery_left=left)

    def greeting(self, *, account: Any, proof: Proof | None) -> Greeting:
        """What the owner is told now that they are in; that somebody took the factor away is told once."""
        told = Greeting(mfa_reset_at=account.mfa_reset_at, recovery_left=proof.recovery_left if proof else None)
        account.mfa_reset_at = None
        return told

    def begin(self, *, uow: UnitOfWork, tenant: TenantId | None, account_id: UUID, session_id: UUID) -> str:
        """A new secret for the owner's app; it counts for nothing until `confirm`."""
        account = self._locked(uow, account_id)
        secret = totp.new_secret()
        account.mfa_pending_secret = self._vault.seal(
            uow=uow, secret=secret, context=self._pending_place(tenant, account_id, session_id)
        )
        account.mfa_pending_at = self._clock()
        uow.flush()
        return secret

    def pending(self, *, uow: UnitOfWork, tenant: TenantId | None, account_id: UUID, session_id: UUID) -> str | None:
        """The secret that waits for its first code in this session; no other session can see it."""
        accounts = self._accounts
        sealed, since = uow.session.execute(
            select(accounts.mfa_pending_secret, accounts.mfa_pending_at).where(accounts.id == account_id)
        ).one()
        if sealed is None or since is None or since < self._clock() - PENDING_LIFETIME:
            return None
        return self._vault.open(uow=uow, sealed=sealed, context=self._pending_place(tenant, account_id, session_id))

    def confirm(
        self, *, uow: UnitOfWork, tenant: TenantId | None, account_id: UUID, session_id: UUID, otp: str
    ) -> list[str]:
        """The first code of the new secret: from here on it is asked for. Returns the recovery codes, shown this once.

        Raises NoPendingFactor, WrongOtp.
        """
        account = self._locked(uow, account_id)
        secret = self.pending(uow=uow, tenant=tenant, account_id=account_id, session_id=session_id)
        if secret is None:
            raise NoPendingFactor
        now = self._clock()
        step = totp.matching_step(secret, otp, now=now)
        if step is None:
            raise WrongOtp
        account.mfa_secret = self._vault.seal(uow=uow, secret=secret, context=self._place(tenant, account_id))
        account.mfa_enabled, account.mfa_enabled_at, account.mfa_last_step = True, now, step
        account.mfa_pending_secret = account.mfa_pending_at = account.mfa_reset_at = None
        return self._new_codes(uow, account_id, secret)

    def renew_recovery_codes(self, *, uow: UnitOfWork, tenant: TenantId | None, account_id: UUID) -> list[str]:
        """Ten others; the earlier ones end. Raises NoPendingFactor where there is no factor to stand for."""
        account = self._locked(uow, account_id)
        secret = self._secret(uow, tenant, account)
        if secret is None:
            raise NoPendingFactor
        return self._new_codes(uow, account_id, secret)

    def remove(self, *, uow: UnitOfWork, account_id: UUID) -> None:
        """The owner switches it off."""
        clear_factor(uow=uow, account_table=self._accounts, recovery_table=self._codes, account_id=account_id)

    def _try(
        self, uow: UnitOfWork, tenant: TenantId | None, account_id: UUID, otp: str, visitor: Visitor
    ) -> Proof | None:
        """One try. Tries at one account take turns, so that none slips past the lock while another is being counted."""
        account = self._locked(uow, account_id)
        counted: dict[str, Any] = {
            "uow": uow,
            "table": self._failures,
            "account_id": account_id,
            "network": lockout.source_of(visitor, account_id),
        }
        now = self._clock()
        lockout.require_unlocked(**counted, now=now)
        proof = self._proof(uow, tenant, account, otp, now)
        if proof is None:
            account.failed_login_attempts += 1
            uow.flush()
            lockout.count_failure(**counted, now=now)
            return None
        lockout.clear_failures(**counted)
        return proof

    def _proof(self, uow: UnitOfWork, tenant: TenantId | None, account: Any, otp: str, now: datetime) -> Proof | None:
        secret = self._secret(uow, tenant, account)
        if secret is None:
            return None
        if totp.looks_like_code(otp):
            step = totp.matching_step(secret, otp, now=now, after=account.mfa_last_step)
            return Proof(at=now) if step is not None and self._use_step(uow, account.id, step) else None
        digest = recovery_codes.digest(otp, secret=secret)
        if digest is None or not self._use_recovery_code(uow, account.id, digest, now):
            return None
        return Proof(at=now, recovery_left=self._recovery_left(uow, account.id))

    def _use_step(self, uow: UnitOfWork, account_id: UUID, step: int) -> bool:
        accounts = self._accounts
        return _changed(
            uow.session.execute(
                update(accounts)
                .where(
                    accounts.id == account_id,
                    accounts.mfa_enabled,
                    or_(accounts.mfa_last_step.is_(None), accounts.mfa_last_step < step),
                )
                .values(mfa_last_step=step)
                .execution_options(synchronize_session=False)
            )
        )

    def _use_recovery_code(self, uow: UnitOfWork, account_id: UUID, digest: bytes, now: datetime) -> bool:
        codes = self._codes
        return _changed(
            uow.session.execute(
                update(codes)
                .where(codes.account_id == account_id, codes.code_hash == digest, codes.used_at.is_(None))
                .values(used_at=now)
            )
        )

    def _recovery_left(self, uow: UnitOfWork, account_id: UUID) -> int:
        codes = self._codes
        left = select(func.count()).select_from(codes).where(codes.account_id == account_id, codes.used_at.is_(None))
        return uow.session.execute(left).scalar_one()

    def _new_codes(self, uow: UnitOfWork, account_id: UUID, secret: str) -> list[str]:
        codes = self._codes
        uow.session.execute(delete(codes).where(codes.account_id == account_id))
        made = recovery_codes.new_codes()
        uow.session.add_all(
            codes(account_id=account_id, code_hash=recovery_codes.digest(code, secret=secret)) for code in made
        )
        uow.flush()
        return made

    def _secret(self, uow: UnitOfWork, tenant: TenantId | None, account: Any) -> str | None:
        if not account.mfa_enabled:
            return None
        return self._vault.open(uow=uow, sealed=account.mfa_secret, context=self._place(tenant, account.id))

    def _locked(self, uow: UnitOfWork, account_id: UUID) -> Any:
        return uow.session.get_one(
            self._accounts, account_id, with_for_update={"key_share": True}, populate_existing=True
        )

    def _place(self, tenant: TenantId | None, account_id: UUID) -> FieldContext:
        return FieldContext(tenant, self._accounts.__tablename__, "mfa_secret", account_id)

    def _pending_place(self, tenant: TenantId | None, account_id: UUID, session_id: UUID) -> FieldContext:
        """The session is part of the place: a stolen session cannot look over the owner's shoulder in another."""
        return FieldContext(tenant, self._accounts.__tablename__, "mfa_pending_secret", f"{account_id}/{session_id}")


def clear_factor(
    *,
    uow: UnitOfWork,
    account_table: Any,
    recovery_table: Any,
    account_id: UUID,
    reset_at: datetime | None = None,
) -> bool:
    """Take an account's factor away, with its recovery codes; False where it had none.

    With `reset_at` somebody else does it, and the owner is told at the next sign-in.
    """
    had = _changed(
        uow.session.execute(
            update(account_table)
            .where(account_table.id == account_id, account_table.mfa_enabled)
            .values(
                mfa_enabled=False,
                mfa_enabled_at=None,
                mfa_secret=None,
                mfa_last_step=None,
                mfa_pending_secret=None,
                mfa_pending_at=None,
                mfa_reset_at=reset_at,
            )
        )
    )
    uow.session.execute(delete(recovery_table).where(recovery_table.account_id == account_id))
    return had


def mark_of(account: Any) -> str:
    """What ties the second step to the password that was given in the first: it changes with the password."""
    return digest_of(account.password_hash or "").hex()[:32]


def _changed(result: Any) -> bool:
    counted: CursorResult[Any] = result
    return counted.rowcount == 1
