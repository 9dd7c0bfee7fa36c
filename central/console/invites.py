"""The invite of a hospital that was made in the background, until whoever asked for it has seen it.

It is sealed into the operation's own row, since another process may be the one that is asked: for an hour, and only
for the administrator who began the operation. A hospital that was made while the caller waited keeps nothing here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, update

from central.provisioning.public import FirstInvite
from central.registry.public import Operation, SqlDataKeyStore
from kernel.clock import Clock, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.web.actor import Actor
from keys.public import FieldContext, Keychain, scopes

HELD_FOR: Final = timedelta(hours=1)
# Between the end of the work and the keeping of its invite lies a moment; who looks just then is told to look again.
ON_ITS_WAY: Final = timedelta(seconds=10)

_FIELD: Final = "invite"


@dataclass(frozen=True)
class HeldInvites:
    """Keeps invites in `operations.request`; the caller commits."""

    keychain: Keychain
    clock: Clock = utc_now

    def hold(self, *, uow: UnitOfWork, operation: Operation, invite: FirstInvite) -> None:
        """Keep an invite for whoever asked for the operation, and forget those that are older than an hour."""
        now = self.clock()
        self._forget_old(uow, now)
        sealed = self.keychain.seal(
            SqlDataKeyStore(uow), invite.token, scope=scopes.TOKENS_CENTRAL, tenant=None, context=_place(operation)
        )
        held = {"sealed": sealed, "expires_at": invite.expires_at.isoformat(), "held_until": _text(now + HELD_FOR)}
        _put(uow, operation, held)

    def look(self, *, uow: UnitOfWork, operation: Operation, actor: Actor) -> FirstInvite | None:
        """The invite, if it is held and `actor` is who asked for it."""
        held = operation.request.get(_FIELD)
        if operation.requested_by != actor.id or not held:
            return None
        if datetime.fromisoformat(held["held_until"]) <= self.clock():
            return None
        token = self.keychain.open(
            SqlDataKeyStore(uow), held["sealed"], scope=scopes.TOKENS_CENTRAL, tenant=None, context=_place(operation)
        )
        return FirstInvite(token=token.decode(), expires_at=datetime.fromisoformat(held["expires_at"]))

    def take(self, *, uow: UnitOfWork, operation: Operation, actor: Actor) -> FirstInvite | None:
        """The same, once: it is forgotten with the commit."""
        row = uow.session.scalars(
            select(Operation)
            .where(Operation.id == operation.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one()
        invite = self.look(uow=uow, operation=row, actor=actor)
        if invite is not None:
            _put(uow, row, None)
        return invite

    def on_its_way(self, operation: Operation) -> bool:
        """Whether the work is done and its invite is being put here this moment."""
        return (
            operation.state == "done"
            and _FIELD not in operation.request
            and operation.updated_at > self.clock() - ON_ITS_WAY
        )

    def forget(self, *, uow: UnitOfWork, operation: Operation) -> None:
        """Note that there will be none: the caller was given it at once."""
        _put(uow, operation, None)

    def _forget_old(self, uow: UnitOfWork, now: datetime) -> None:
        old = Operation.request[_FIELD]["held_until"].astext < _text(now)
        for row in uow.session.scalars(select(Operation).where(old).with_for_update(skip_locked=True)):
            _put(uow, row, None)


def _put(uow: UnitOfWork, operation: Operation, held: dict[str, Any] | None) -> None:
    request = {**operation.request, _FIELD: held}
    uow.session.execute(update(Operation).where(Operation.id == operation.id).values(request=request))


def _place(operation: Operation) -> FieldContext:
    return FieldContext(None, "operations", _FIELD, operation.id)


def _text(moment: datetime) -> str:
    return moment.isoformat()
