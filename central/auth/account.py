"""What signed-in people do with their own account: its password, and the sessions in which they are signed in.

Each call works in the request's own transaction, and the edge commits. The same for administrators and for staff.
"""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from central.auth.sessions import SessionRules, Sessions, Visitor
from central.auth.signing_in import SigningIn, WrongPassword
from kernel.database.unit_of_work import UnitOfWork
from kernel.listing import Page
from kernel.web.actor import Actor

PAGE: Final = 25
# Looked for in this order: most browsers also name those that they descend from.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("coc_coc", "Cốc Cốc"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnSession:
    """One session as its owner sees it; `device` is empty where the browser does not say."""

    id: UUID
    device: str
    ip_address: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    current: bool


class OwnAccount(ABC):
    """The account of the actor of a request."""

    def __init__(self, *, accounts: SigningIn, sessions: Sessions) -> None:
        self._accounts = accounts
        self._sessions = sessions

    @property
    def rules(self) -> SessionRules:
        """How long sessions live."""
        return self._sessions.rules

    def change_password(self, *, uow: UnitOfWork, actor: Actor, current: str, new: str, visitor: Visitor) -> None:
        """Set a new password and end the other sessions: whoever knew the old one is out.

        Raises WrongPassword (the edge commits what was counted), SignInLocked, InvalidFields naming `new_password`.
        """
        try:
            self._accounts.change_password(
                uow=uow,
                account_id=actor.id,
                current=current,
                new=new,
                visitor=visitor,
                known=self._words_of_the_place(),
            )
        except WrongPassword:
            self._record(uow=uow, actor=actor, action="auth.password_refused")
            raise
        self._sessions.end_all(uow=uow, account_id=actor.id, reason="password_changed", but=actor.session_id)
        self._record(uow=uow, actor=actor, action="auth.password_change")

    def sessions(
        self, *, uow: UnitOfWork, actor: Actor, limit: int = PAGE, cursor: str | None = None
    ) -> Page[OwnSession]:
        """Where the actor is signed in now, the latest first; raises InvalidFields."""
        found = self._sessions.own(uow=uow, account_id=actor.id, limit=limit, cursor=cursor)
        return Page([_shown(row, actor) for row in found.items], found.next_cursor)

    def end_session(self, *, uow: UnitOfWork, actor: Actor, session_id: UUID) -> None:
        """Sign out in one place. Raises NotFound for a session that is not the actor's, or has ended."""
        self._sessions.end_own(uow=uow, account_id=actor.id, session_id=session_id)
        self._record(uow=uow, actor=actor, action="auth.session_end")

    def end_everywhere(self, *, uow: UnitOfWork, actor: Actor) -> None:
        """Sign out everywhere, here too."""
        self._sessions.end_all(uow=uow, account_id=actor.id, reason="signed_out_everywhere")
        self._record(uow=uow, actor=actor, action="auth.sign_out_everywhere")

    @abstractmethod
    def _words_of_the_place(self) -> tuple[str, ...]:
        """What no password here may hold beside the account's own names."""

    @abstractmethod
    def _record(self, *, uow: UnitOfWork, actor: Actor, action: str) -> None:
        """Note in the audit log what the actor did with the own account."""


def device_of(user_agent: str | None) -> str:
    """`Chrome, Windows` of a browser's own words; empty where they say neither."""
    said = user_agent or ""
    names = [next((name for mark, name in known if mark in said), "") for known in (_BROWSERS, _SYSTEMS)]
    if any(names):
        return ", ".join(name for name in names if name)
    return re.sub(r"[^\w./ -]", "", said)[:40]


def _shown(row: Any, actor: Actor) -> OwnSession:
    return OwnSession(
        id=row.id,
        device=device_of(row.user_agent),
        ip_address=str(row.ip_address or ""),
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        expires_at=row.expires_at,
        current=row.id == actor.session_id,
    )
