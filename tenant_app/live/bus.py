"""What changed, told after the commit through Redis: kinds, ids and versions, never what stands in the rows.

Each hospital has a stream of its own, so that its id is in the key and not in the message. The stream is capped:
whoever was away reads what was missed, or learns that it is too long ago. An event may be lost; what must not be lost
is an outbox row. Whoever can write here has Redis' password; a forged event makes browsers ask the portal once more,
which answers by its own rules.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from redis import Redis

from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from kernel.redis_client import HelpfulRedis

# Some hours of a busy hospital; a browser that was away for longer loads its page again.
KEPT: Final = 1000
KEPT_SECONDS: Final = 86_400
FIELD: Final = b"c"

_BUS: Final = "sokham.live"
_WAITING: Final = "sokham.live_changes"


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something changed. `places` says whom it concerns: lines of the queue, days of appointments, people. `whose`
    names the departments and people that it belongs to: who sees no others hears of no others.

    `gap`: events were lost before this one. `start`: the stream begins; it concerns nobody.
    """

    kind: Literal["queue", "appointment", "notice", "gap", "start"]
    places: tuple[str, ...] = ()
    whose: tuple[str, ...] = ()
    id: UUID | None = None
    version: int = 0


_encode = msgspec.json.Encoder().encode
_decoder: msgspec.json.Decoder[Change] = msgspec.json.Decoder(Change)


def stream_of(tenant: TenantId) -> str:
    """Where a hospital's changes stand in Redis."""
    return f"sokham:live:{tenant}"


def read(raw: bytes | None) -> Change:
    """What stands in an entry. What cannot be read may have been anything: it counts as a gap."""
    try:
        return _decoder.decode(raw or b"")
    except msgspec.DecodeError:
        return Change(kind="gap")


class LiveBus:
    """Writes to the hospitals' streams. Without Redis nothing is told, and pages go on asking by themselves."""

    def __init__(self, redis: HelpfulRedis | None) -> None:
        self._redis = redis
        # Whose events were lost since they were last told something: they are told of the gap first.
        self._lost: set[TenantId] = set()

    @property
    def session_info(self) -> Mapping[str, Any]:
        """What a transaction carries, so that `announce` finds the way here."""
        return {_BUS: self}

    def publish(self, tenant: TenantId, changes: list[Change]) -> None:
        """Tell whoever listens at this hospital; never raises for a Redis that is away."""
        if self._redis is None:
            return
        told = [Change(kind="gap"), *changes] if tenant in self._lost else changes
        if self._redis.ask(lambda client: add(client, tenant, told)) is None:
            self._lost.add(tenant)
        else:
            self._lost.discard(tenant)


def announce(uow: UnitOfWork, change: Change) -> None:
    """Tell of a change once this transaction has committed, if the transaction was given a bus."""
    bus: LiveBus | None = uow.session.info.get(_BUS)
    tenant = uow.tenant
    if bus is None or tenant is None:
        return
    waiting: list[Change] | None = uow.session.info.get(_WAITING)
    if waiting is not None:
        waiting.append(change)
        return
    uow.session.info[_WAITING] = [change]

    def tell() -> None:
        # A unit of work may commit more than once; each time it tells what is new.
        bus.publish(tenant, uow.session.info.pop(_WAITING, []))

    uow.after_commit(tell)


def add(client: Redis, tenant: TenantId, changes: list[Change]) -> bool:
    """Append to a hospital's stream; raises what Redis raises."""
    stream = stream_of(tenant)
    with client.pipeline(transaction=False) as pipe:
        for change in changes:
            pipe.xadd(stream, {FIELD: _encode(change)}, maxlen=KEPT, approximate=True)
        pipe.expire(stream, KEPT_SECONDS)
        pipe.execute()
    return True
