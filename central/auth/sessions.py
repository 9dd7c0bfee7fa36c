"""Sessions: a row is the truth, tokens point at it. One mechanism for administrators, staff and patients.

Programs hold a short access token and a refresh token that is exchanged at each use; a refresh token that is shown
twice ends the whole session, because one of the two who showed it is a thief. Browsers hold one token in a cookie,
made for another audience, so that neither serves in the other's place; it points at the row for as long as that lives.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, bindparam, select, update

from central.auth.browsers import BROWSER_LIFETIME, KnownBrowser
from central.auth.factor_errors import PendingStep
from central.auth.secrets import InvalidSecret, RoutedSecret, new_secret
from kernel.clock import Clock, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import NotFound
from kernel.ids import new_row_id
from kernel.listing import Page, page_of
from kernel.web.api import read_cursor
from keys.public import TokenSigner

SEEN_EVERY = timedelta(minutes=1)
# How long somebody who gave the right password may take over the code.
STEP_LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionRules:
    """How long things live. `idle` ends a session that is not used, `absolute` ends each."""

    access: timedelta = timedelta(minutes=10)
    idle: timedelta = timedelta(minutes=30)
    absolute: timedelta = timedelta(hours=12)


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitor:
    """Where a request comes from; `browser` is one in which somebody signed in before."""

    ip_address: str | None
    user_agent: str | None
    browser: KnownBrowser | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Greeting:
    """What somebody is told at signing in: that another took their second factor away, and when; how many recovery
    codes are left, where one was used up.
    """

    mfa_reset_at: datetime | None = None
    recovery_left: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Tokens:
    """What somebody who signed in is given; `page_token` is for the cookie, `browser_token` for the one by which the
    browser is known afterwards. None of it is stored. `tag` routes.
    """

    session_id: UUID
    access_token: str
    refresh_token: str
    page_token: str
    expires_in: int
    tag: str
    greeting: Greeting = field(default_factory=Greeting)
    browser_token: str = ""

    def __repr__(self) -> str:
        return f"Tokens(session_id={self.session_id})"

    def as_json(self) -> dict[str, Any]:
        """The answer of a sign-in over the API; what there is to be told stands in it only where there is something."""
        told = {"mfa_reset_at": self.greeting.mfa_reset_at, "recovery_codes_left": self.greeting.recovery_left}
        return {
            "access_token": self.access_token,
            "refresh_token": self.refresh_token,
            "token_type": "Bearer",
            "expires_in": self.expires_in,
            **{name: value for name, value in told.items() if value is not None},
        }


class RefreshReplayed(InvalidSecret):
    """A refresh token was shown twice. The session has been ended: the edge commits that before it answers."""


class Sessions:
    """The sessions of one kind of account, in the tables given."""

    def __init__(
        self,
        *,
        session_table: Any,
        refresh_table: Any,
        signer: TokenSigner,
        audience: str,
        rules: SessionRules | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._sessions = session_table
        self._refresh_tokens = refresh_table
        self._signer = signer
        self._audience = audience
        self.rules = rules or SessionRules()
        self._clock = clock

    def start(
        self,
        *,
        uow: UnitOfWork,
        account_id: UUID,
        tag: str,
        claims: Mapping[str, Any],
        visitor: Visitor,
        mfa_at: datetime | None,
        greeting: Greeting | None = None,
    ) -> Tokens:
        """Begin a session; `tag` routes its refresh tokens, `claims` (tenant, role) stand in its tokens, `mfa_at` is
        when the second factor was proven.
        """
        now = self._clock()
        session = self._sessions(
            id=new_row_id(),
            account_id=account_id,
            last_seen_at=now,
            expires_at=now + self.rules.absolute,
            ip_address=visitor.ip_address,
            user_agent=(visitor.user_agent or "")[:255] or None,
            mfa_at=mfa_at,
        )
        uow.session.add(session)
        uow.flush()
        tokens = self._tokens(uow, session, account_id=account_id, tag=tag, claims=claims)
        known, accounts = (visitor.browser or KnownBrowser()).after(account_id).claims()
        browser_token = self._signer.issue(
            audience=browser_audience(self._audience), subject=known, claims=accounts, lifetime=BROWSER_LIFETIME
        )
        return replace(tokens, greeting=greeting or tokens.greeting, browser_token=browser_token)

    def renew(self, *, uow: UnitOfWork, secret: RoutedSecret) -> Any:
        """Use up a refresh token; returns its session's row. Raises InvalidSecret, or RefreshReplayed (commit it)."""
        now = self._clock()
        tokens, sessions = self._refresh_tokens, self._sessions
        found = uow.session.execute(
            select(tokens, sessions)
            .join(sessions, sessions.id == tokens.session_id)
            .where(tokens.token_hash == secret.digest)
            .with_for_update()
        ).one_or_none()
        if found is None:
            raise InvalidSecret
        token, session = found
        if token.used_at is not None:
            self._end(session, reason="refresh_replayed", now=now)
            uow.flush()
            raise RefreshReplayed
        if token.expires_at <= now or not self.alive(session, now):
            raise InvalidSecret
        token.used_at = now
        session.last_seen_at = now
        uow.flush()
        return session

    def tokens_for(self, *, uow: UnitOfWork, session: Any, tag: str, claims: Mapping[str, Any]) -> Tokens:
        """The next tokens of a session that was just renewed."""
        return self._tokens(uow, session, account_id=session.account_id, tag=tag, claims=claims)

    def note_factor(self, *, uow: UnitOfWork, session_id: UUID, proven: bool) -> None:
        """The second factor was proven in this session just now; or it is no more."""
        sessions = self._sessions
        mfa_at = self._clock() if proven else None
        uow.session.execute(update(sessions).where(sessions.id == session_id).values(mfa_at=mfa_at))

    def step_token(self, step: PendingStep) -> str:
        """What a browser keeps between the password and the code. It opens nothing: its audience is the second step."""
        tenant = {} if step.tenant is None else {"tenant": str(step.tenant)}
        return self._signer.issue(
            audience=step_audience(self._audience),
            subject=str(step.account_id),
            claims={"mark": step.mark, **tenant},
            lifetime=STEP_LIFETIME,
        )

    def alive(self, session: Any, now: datetime) -> bool:
        """Whether the row still stands for somebody who is signed in."""
        return session.ended_at is None and session.expires_at > now and session.last_seen_at > now - self.rules.idle

    def living(self) -> tuple[Any, ...]:
        """The same as conditions for a query that checks the session in the request's own transaction; see `living`."""
        return living(self._sessions, rules=self.rules, clock=self._clock)

    def touch(self, *, uow: UnitOfWork, session_id: UUID, last_seen_at: datetime) -> None:
        """Note that the session is in use, at most once a minute, so that reading does not always write."""
        now = self._clock()
        if now - last_seen_at > SEEN_EVERY:
            sessions = self._sessions
            uow.session.execute(update(sessions).where(sessions.id == session_id).values(last_seen_at=now))

    def own(self, *, uow: UnitOfWork, account_id: UUID, limit: int, cursor: str | None) -> Page[Any]:
        """Rows of the sessions in which the account is signed in now, the latest first; raises InvalidFields."""
        sessions = self._sessions
        query = select(sessions).where(sessions.account_id == account_id, *self.living())
        key = read_cursor(cursor, UUID)
        if key:
            query = query.where(sessions.id < key[0])
        # Ids grow with time.
        rows = list(uow.session.scalars(query.order_by(sessions.id.desc()).limit(limit + 1)))
        return page_of(rows, limit=limit, key=lambda row: (row.id,))

    def end_own(self, *, uow: UnitOfWork, account_id: UUID, session_id: UUID) -> None:
        """End one of the account's own sessions. Raises NotFound for another's, and for one that has ended."""
        sessions = self._sessions
        result = uow.session.execute(
            update(sessions)
            .where(sessions.id == session_id, sessions.account_id == account_id, *self.living())
            .values(ended_at=self._clock(), end_reason="signed_out_elsewhere")
        )
        if not _rows(result):
            raise NotFound

    def end(self, *, uow: UnitOfWork, session_id: UUID, reason: str = "signed_out") -> bool:
        """End one session; False when it had ended."""
        sessions = self._sessions
        result = uow.session.execute(
            update(sessions)
            .where(sessions.id == session_id, sessions.ended_at.is_(None))
            .values(ended_at=self._clock(), end_reason=reason)
        )
        return _rows(result) > 0

    def end_by_refresh(self, *, uow: UnitOfWork, secret: RoutedSecret) -> None:
        """End the session that a refresh token belongs to, used or not; raises InvalidSecret for an unknown one."""
        tokens = self._refresh_tokens
        session_id = uow.session.execute(
            select(tokens.session_id).where(tokens.token_hash == secret.digest)
        ).scalar_one_or_none()
        if session_id is None:
            raise InvalidSecret
        self.end(uow=uow, session_id=session_id)

    def end_all(self, *, uow: UnitOfWork, account_id: UUID, reason: str, but: UUID | None = None) -> int:
        """End every session of an account, or every one `but` this; returns how many."""
        return end_sessions(
            uow=uow, table=self._sessions, account_id=account_id, reason=reason, now=self._clock(), but=but
        )

    def _tokens(
        self, uow: UnitOfWork, session: Any, *, account_id: UUID, tag: str, claims: Mapping[str, Any]
    ) -> Tokens:
        refresh = new_secret(tag)
        uow.session.add(
            self._refresh_tokens(session_id=session.id, token_hash=refresh.digest, expires_at=session.expires_at)
        )
        uow.flush()
        said = {**claims, "sid": str(session.id)}
        return Tokens(
            session_id=session.id,
            access_token=self._signer.issue(
                audience=self._audience, subject=str(account_id), claims=said, lifetime=self.rules.access
            ),
            refresh_token=refresh.text,
            page_token=self._signer.issue(
                audience=pages_audience(self._audience),
                subject=str(account_id),
                claims=said,
                lifetime=session.expires_at - self._clock(),
            ),
            expires_in=int(self.rules.access.total_seconds()),
            tag=tag,
        )

    def _end(self, session: Any, *, reason: str, now: datetime) -> None:
        if session.ended_at is None:
            session.ended_at = now
            session.end_reason = reason


def end_sessions(
    *, uow: UnitOfWork, table: Any, account_id: UUID, reason: str, now: datetime, but: UUID | None = None
) -> int:
    """End every session of an account, in a table with `SessionColumns`, or every one `but` this; returns how many."""
    result = uow.session.execute(
        update(table)
        .where(table.account_id == account_id, table.ended_at.is_(None), *(() if but is None else (table.id != but,)))
        .values(ended_at=now, end_reason=reason)
    )
    return _rows(result)


def living(table: Any, *, rules: SessionRules, clock: Clock = utc_now) -> tuple[Any, ...]:
    """Conditions under which a row of a table with `SessionColumns` stands for somebody who is signed in.

    The times are asked for when the query runs, so that a statement with these conditions may be built once.
    """
    return (
        table.ended_at.is_(None),
        table.expires_at > bindparam("session_now", callable_=clock),
        table.last_seen_at > bindparam("session_idle_since", callable_=lambda: clock() - rules.idle),
    )


def pages_audience(audience: str) -> str:
    """The audience of the token in a browser's cookie."""
    return f"{audience}-pages"


def step_audience(audience: str) -> str:
    """The audience of the token between the two steps of signing in."""
    return f"{audience}-second-step"


def browser_audience(audience: str) -> str:
    """The audience of the token by which a browser is known."""
    return f"{audience}-browser"


def _rows(result: Any) -> int:
    counted: CursorResult[Any] = result
    return counted.rowcount
