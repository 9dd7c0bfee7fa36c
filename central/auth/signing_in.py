"""Name and password → a session; invite → a password. The same for administrators and for staff."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import delete, func, select

from central.auth import lockout
from central.auth.factors import mark_of
from central.auth.invites import IssuedInvite, new_invite
from central.auth.secrets import InvalidSecret, RoutedSecret
from central.auth.sessions import Visitor
from kernel.clock import Clock, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidFields, Unauthenticated
from kernel.passwords import Passwords, check_new_password
from kernel.text import N_

INVITE_LIFETIME = timedelta(hours=72)
# Makes an id of a name that no account has; a random constant of ours.
_NOBODY = UUID("6f0f7c53-7f0a-4b7e-9a43-0d5d0a4a1c7e")


# How many passwords of an account, the present one among them, are not to be chosen again.
REMEMBERED: Final = 5
USED_BEFORE: Final = N_("You have used this password before. Choose another.")
NOT_THE_PRESENT: Final = N_("This is not your present password.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Invited:
    """Whom an invite is for. `asks_code`: it is for a new password, and the second factor is proven with it."""

    name: str
    asks_code: bool


class WrongPassword(InvalidFields):
    """The present password is wrong. It counts as a failed sign-in: the edge commits that before it answers."""

    def __init__(self, *, field: str) -> None:
        super().__init__(errors={field: [NOT_THE_PRESENT]})


class SignInFailed(Unauthenticated):
    """Wrong name, wrong password, not active: one answer, after the same work."""

    code = "sign_in_failed"
    title = N_("That did not match")
    advice = N_("Check the hospital, the user name and the password, and try again.")

    def __init__(self, *, account_id: UUID | None = None) -> None:
        super().__init__()
        self.account_id = account_id


class SigningIn:
    """Accounts with a name and a password, in the tables given."""

    def __init__(
        self,
        *,
        account_table: Any,
        invite_table: Any,
        failure_table: Any,
        history_table: Any,
        passwords: Passwords,
        clock: Clock = utc_now,
    ) -> None:
        self._accounts = account_table
        self._invites = invite_table
        self._failures = failure_table
        self._history = history_table
        self._passwords = passwords
        self._clock = clock

    def check(self, *, uow: UnitOfWork, username: str, password: str, visitor: Visitor) -> Any:
        """The account whose name and password these are. One with a second factor is still to prove it
        (central.auth.factors): until then nothing that was counted is forgotten.

        Raises SignInFailed (the edge commits what was counted) or SignInLocked. A name that does not exist costs the
        same Argon2id check as one that does.
        """
        accounts = self._accounts
        name = username.strip().lower()
        account = uow.session.execute(
            select(accounts).where(func.lower(accounts.username) == name)
        ).scalar_one_or_none()
        # Names that nobody has are locked like any other, or the lock would tell which exist.
        account_id = account.id if account is not None else uuid5(_NOBODY, name)
        counted: dict[str, Any] = {
            "uow": uow,
            "table": self._failures,
            "account_id": account_id,
            "network": lockout.source_of(visitor, account_id),
        }
        lockout.require_unlocked(**counted, now=self._clock())
        matches = self._passwords.matches(account.password_hash if account is not None else None, password)
        now = self._clock()
        # Asked again, because others may have failed while this one was being checked.
        lockout.require_unlocked(**counted, now=now)
        if account is None or not matches or account.status != "active":
            if account is not None:
                account.failed_login_attempts += 1
                uow.flush()
            lockout.count_failure(**counted, now=now)
            raise SignInFailed(account_id=account.id if account is not None else None)
        if not account.mfa_enabled:
            lockout.clear_failures(**counted)
            account.failed_login_attempts = 0
            account.last_login_at = now
        if self._passwords.outdated(account.password_hash):
            account.password_hash = self._passwords.hash(password)
        uow.flush()
        return account

    def resumed(self, *, uow: UnitOfWork, account_id: UUID, mark: str) -> Any:
        """The account that gave the right password a moment ago. Raises SignInFailed where it is no longer active, or
        the password is another by now.
        """
        account = uow.session.get(self._accounts, account_id)
        if account is None or account.status != "active" or not hmac.compare_digest(mark_of(account), mark):
            raise SignInFailed(account_id=account_id)
        return account

    def spend(self, password: str) -> None:
        """The work of a check where there is no account to check, so that time tells nothing."""
        self._passwords.matches(None, password)

    def invite(self, *, uow: UnitOfWork, account: Any, tag: str) -> IssuedInvite:
        """A new invite for an account; earlier ones that were not used are void."""
        return new_invite(
            uow=uow,
            table=self._invites,
            account_id=account.id,
            tag=tag,
            lifetime=INVITE_LIFETIME,
            now=self._clock(),
        )

    def invited(self, *, uow: UnitOfWork, secret: RoutedSecret) -> Invited:
        """Whom an unused invite is for, to greet them; raises InvalidSecret."""
        account = self.opened(uow=uow, secret=secret)
        return Invited(name=account.full_name, asks_code=account.mfa_enabled)

    def opened(self, *, uow: UnitOfWork, secret: RoutedSecret) -> Any:
        """The account that an unused invite is for; raises InvalidSecret."""
        return self._open_invite(uow, secret)[1]

    def accept(self, *, uow: UnitOfWork, secret: RoutedSecret, password: str, known: Iterable[str] = ()) -> Any:
        """Set the password of the invited account and make it active; `known` are words that it may not hold beside
        the account's own. Raises InvalidSecret or InvalidFields.
        """
        invite, account = self._open_invite(uow, secret)
        check_new_password(password, known=(*_names(account), *known))
        now = self._clock()
        invite.used_at = now
        self._set_password(uow, account, password, field="password", now=now)
        account.last_login_at = now
        account.status = "active"
        uow.flush()
        return account

    def change_password(
        self, *, uow: UnitOfWork, account_id: UUID, current: str, new: str, visitor: Visitor, known: Iterable[str] = ()
    ) -> None:
        """Set a new password in place of `current`; whoever does it twice at once succeeds once.

        Raises WrongPassword (the edge commits what was counted), SignInLocked, InvalidFields naming `new_password`.
        """
        account = self._locked(uow, account_id)
        check_new_password(new, field="new_password", known=(*_names(account), *known))
        self._require_password(uow, account, current, visitor, field="current_password")
        self._set_password(uow, account, new, field="new_password", now=self._clock())
        uow.flush()

    def confirm_password(self, *, uow: UnitOfWork, account_id: UUID, password: str, visitor: Visitor) -> None:
        """Somebody who is signed in types the password again. Raises WrongPassword (the edge commits what was
        counted) naming `password`, SignInLocked.
        """
        self._require_password(uow, self._locked(uow, account_id), password, visitor, field="password")

    def _locked(self, uow: UnitOfWork, account_id: UUID) -> Any:
        return uow.session.get_one(
            self._accounts, account_id, with_for_update={"key_share": True}, populate_existing=True
        )

    def _require_password(self, uow: UnitOfWork, account: Any, password: str, visitor: Visitor, *, field: str) -> None:
        counted: dict[str, Any] = {
            "uow": uow,
            "table": self._failures,
            "account_id": account.id,
            "network": lockout.source_of(visitor, account.id),
        }
        now = self._clock()
        lockout.require_unlocked(**counted, now=now)
        if not self._passwords.matches(account.password_hash, password):
            lockout.count_failure(**counted, now=now)
            raise WrongPassword(field=field)
        # With a second factor only its code clears the count: else the password would buy tries at the code.
        if not account.mfa_enabled:
            lockout.clear_failures(**counted)

    def _set_password(self, uow: UnitOfWork, account: Any, new: str, *, field: str, now: datetime) -> None:
        """Raises InvalidFields naming `field` for one of the last passwords; a first one has none before it."""
        if account.password_hash is not None:
            earlier = self._earlier_passwords(uow, account.id)
            if any(self._passwords.matches(hashed, new) for hashed in (account.password_hash, *earlier.values())):
                raise InvalidFields(errors={field: [USED_BEFORE]})
            history = self._history
            forgotten = list(earlier)[REMEMBERED - 2 :]
            uow.session.execute(delete(history).where(history.id.in_(forgotten)))
            uow.session.add(history(account_id=account.id, password_hash=account.password_hash))
        account.password_hash = self._passwords.hash(new)
        account.password_updated_at = now

    def _earlier_passwords(self, uow: UnitOfWork, account_id: UUID) -> dict[UUID, str]:
        """Hashes of the account's earlier passwords by the id of their row, the latest first."""
        history = self._history
        found = uow.session.execute(
            select(history.id, history.password_hash)
            .where(history.account_id == account_id)
            .order_by(history.created_at.desc(), history.id.desc())
        )
        return {row.id: row.password_hash for row in found}

    def _open_invite(self, uow: UnitOfWork, secret: RoutedSecret) -> tuple[Any, Any]:
        invites, accounts = self._invites, self._accounts
        found = uow.session.execute(
            select(invites, accounts)
            .join(accounts, accounts.id == invites.account_id)
            .where(
                invites.token_hash == secret.digest,
                invites.used_at.is_(None),
                invites.expires_at > self._clock(),
                accounts.status.in_(("invited", "active")),
            )
            .with_for_update(of=invites)
        ).one_or_none()
        if found is None:
            raise InvalidSecret
        return found[0], found[1]


def _names(account: Any) -> tuple[str, str, str]:
    """What everybody at work knows of an account."""
    return account.username, account.full_name, account.email.split("@")[0]
