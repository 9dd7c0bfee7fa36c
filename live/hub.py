"""Who is connected and what they follow: rooms named `<tenant>:<topic>`, and whether anybody may be told anything.

A hospital's connections are told of changes only while all of its sessions were found in order within the last seconds.
What was not told then is not kept: once they are in order again, the browsers are told to ask for everything.
"""

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol
from uuid import UUID

from kernel.ids import TenantId
from kernel.telemetry.logs import get_logger
from live.figures import CONNECTIONS, DROPPED, EVENTS
from live.guest import Guest
from tenant_app.auth.public import Standing
from tenant_app.live.public import Change, Connection, permitted, rooms_of, rooms_told
from tenant_app.reach.public import Reach

log = get_logger(__name__)

# With looks every two seconds, and none that began before: nobody is told anything five seconds after an end.
CONFIRMED_SECONDS: Final = 4.5


class Sockets(Protocol):
    """What carries the words to the browsers."""

    def say(self, word: str, data: Mapping[str, object], *, to: str) -> None:
        """To a room, or to one connection by its id. Never waits for a browser."""
        ...

    def enter(self, sid: str, room: str) -> None:
        """Into a room."""
        ...

    def leave(self, sid: str, room: str) -> None:
        """Out of it."""
        ...

    def end(self, sid: str) -> None:
        """Say goodbye and close. Never waits for the browser."""
        ...


@dataclass(slots=True)
class _Member:
    guest: Guest
    permissions: frozenset[str]
    reach: Reach | None
    topics: frozenset[str] = frozenset()
    rooms: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Hospital:
    """`confirmed_at` is the moment before the sessions were last looked at, and `silent` that they were told so."""

    code: str
    confirmed_at: float
    members: dict[str, _Member] = field(default_factory=dict)
    silent: bool = False
    missed: bool = False
    changed: set[UUID] = field(default_factory=set)
    left: set[UUID] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What a look at a hospital's sessions is about: the sessions, and the rows to be brought up to date."""

    tenant: TenantId
    sessions: frozenset[UUID]
    held: tuple[Connection, ...]
    changed: frozenset[UUID]
    left: frozenset[UUID]


class Hub:
    """All connections of this process. Safe to share between threads."""

    def __init__(
        self,
        sockets: Sockets,
        *,
        confirmed_seconds: float = CONFIRMED_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sockets = sockets
        self._confirmed_seconds = confirmed_seconds
        self._monotonic = monotonic
        self._lock = threading.RLock()
        self._hospitals: dict[TenantId, _Hospital] = {}
        self._where: dict[str, TenantId] = {}

    def join(self, sid: str, guest: Guest) -> None:
        """A guest has joined, and follows nothing yet."""
        with self._lock:
            hospital = self._hospitals.get(guest.tenant)
            if hospital is None:
                hospital = self._hospitals[guest.tenant] = _Hospital(guest.tenant_code, guest.admitted_at)
            elif not hospital.members:
                hospital.confirmed_at = guest.admitted_at
            hospital.members[sid] = _Member(guest, guest.permissions, guest.reach)
            hospital.changed.add(guest.id)
            self._where[sid] = guest.tenant
            CONNECTIONS.labels(hospital.code).set(len(hospital.members))
        self._sockets.enter(sid, str(guest.tenant))

    def leave(self, sid: str) -> Guest | None:
        """Somebody has gone; who it was."""
        with self._lock:
            tenant = self._where.pop(sid, None)
            if tenant is None:
                return None
            hospital = self._hospitals[tenant]
            guest = hospital.members.pop(sid).guest
            hospital.changed.discard(guest.id)
            hospital.left.add(guest.id)
            CONNECTIONS.labels(hospital.code).set(len(hospital.members))
            return guest

    def follow(self, sid: str, topics: Iterable[str]) -> tuple[TenantId, frozenset[str], Reach | None] | None:
        """Follow these and no others: the hospital, what of it is permitted, and the reach. None for who has gone."""
        with self._lock:
            tenant = self._where.get(sid)
            if tenant is None:
                return None
            member = self._hospitals[tenant].members[sid]
            allowed = permitted(
                topics, permissions=member.permissions, user_id=member.guest.user_id, reach=member.reach
            )
            self._move(tenant, sid, member, allowed)
            return tenant, allowed, member.reach

    def tenants(self) -> frozenset[TenantId]:
        """The hospitals with somebody connected."""
        with self._lock:
            return frozenset(tenant for tenant, hospital in self._hospitals.items() if hospital.members)

    def may_hear(self, tenant: TenantId) -> bool:
        """Whether the hospital's sessions were found in order lately; notes that something was missed otherwise."""
        with self._lock:
            hospital = self._hospitals.get(tenant)
            if hospital is None:
                return False
            if self._monotonic() - hospital.confirmed_at <= self._confirmed_seconds:
                return True
            hospital.missed = True
            return False

    def deliver(self, tenant: TenantId, at: str, change: Change) -> None:
        """Tell whom it concerns of a change that stands at `at` in the hospital's stream."""
        if not self.may_hear(tenant):
            EVENTS.labels("withheld").inc()
            return
        EVENTS.labels("told").inc()
        if change.kind == "gap":
            self.reload((tenant,))
        for topic, room in rooms_told(change):
            self._sockets.say("changed", {"topic": topic, "at": at}, to=f"{tenant}:{room}")

    def reload(self, tenants: Collection[TenantId] | None = None) -> None:
        """Something may have been missed: everybody asks for what they show."""
        for tenant in self.tenants() if tenants is None else tenants:
            if self.may_hear(tenant):
                self._sockets.say("reload", {}, to=str(tenant))

    def say_behind(self, behind: bool) -> None:
        """That the bus cannot be read, or can be again; to everybody."""
        for tenant in self.tenants():
            self._sockets.say("state", {"behind": behind}, to=str(tenant))

    def looks(self) -> list[Look]:
        """What is to be looked at now. What a look takes along to be written down is given back where it fails."""
        with self._lock:
            found = []
            for tenant, hospital in list(self._hospitals.items()):
                held = tuple(_connection(member) for member in hospital.members.values())
                look = Look(
                    tenant=tenant,
                    sessions=frozenset(each.session_id for each in held),
                    held=held,
                    changed=frozenset(hospital.changed),
                    left=frozenset(hospital.left),
                )
                hospital.changed.clear()
                hospital.left.clear()
                if held or look.left:
                    found.append(look)
                else:
                    CONNECTIONS.labels(hospital.code).set(0)
                    del self._hospitals[tenant]
            return found

    def failed(self, look: Look) -> None:
        """A look had no answer: what it would have written down is for the next one."""
        with self._lock:
            hospital = self._hospitals.get(look.tenant)
            if hospital is not None:
                here = {member.guest.id for member in hospital.members.values()}
                hospital.changed |= look.changed & here
                hospital.left |= look.left | (look.changed - here)

    def confirm(self, look: Look, found: Mapping[UUID, Standing], *, since: float) -> None:
        """A look, begun at `since`, had its answer: whoever is not in it goes, the others may what it says."""
        ended: list[str] = []
        with self._lock:
            hospital = self._hospitals.get(look.tenant)
            if hospital is None:
                return
            for sid, member in hospital.members.items():
                if member.guest.session_id not in look.sessions:
                    continue
                standing = found.get(member.guest.session_id)
                if standing is None:
                    ended.append(sid)
                elif (standing.permissions, standing.reach) != (member.permissions, member.reach):
                    member.permissions, member.reach = standing.permissions, standing.reach
                    self._withdraw(look.tenant, sid, member)
            hospital.confirmed_at = since
            was_silent, missed = hospital.silent, hospital.missed
            hospital.silent = hospital.missed = False
        for sid in ended:
            self._drop(sid, "session_ended")
        if was_silent:
            log.info("live.in_order_again", tenant=look.tenant)
            self._sockets.say("state", {"behind": False}, to=str(look.tenant))
        if missed:
            self.reload((look.tenant,))

    def drop_hospital(self, tenant: TenantId, reason: str) -> None:
        """Everybody of a hospital goes."""
        with self._lock:
            hospital = self._hospitals.get(tenant)
            members = list(hospital.members) if hospital is not None else []
            if hospital is not None:
                hospital.confirmed_at = float("-inf")
        for sid in members:
            self._drop(sid, reason)

    def drop(self, sid: str, reason: str) -> None:
        """One goes."""
        self._drop(sid, reason)

    def say_silent(self) -> None:
        """Tell the browsers of hospitals whose sessions could not be looked at that they hear nothing for now."""
        with self._lock:
            now = self._monotonic()
            quiet = []
            for tenant, hospital in self._hospitals.items():
                late = now - hospital.confirmed_at > self._confirmed_seconds
                if hospital.members and late and not hospital.silent:
                    hospital.silent = hospital.missed = True
                    quiet.append(tenant)
        for tenant in quiet:
            log.warning("live.not_in_order", tenant=tenant)
            self._sockets.say("state", {"behind": True}, to=str(tenant))

    def _withdraw(self, tenant: TenantId, sid: str, member: _Member) -> None:
        kept = permitted(
            member.topics, permissions=member.permissions, user_id=member.guest.user_id, reach=member.reach
        )
        gone = member.topics - kept
        self._move(tenant, sid, member, kept)
        if gone:
            self._sockets.say("withdrawn", {"topics": sorted(gone)}, to=sid)

    def _move(self, tenant: TenantId, sid: str, member: _Member, topics: frozenset[str]) -> None:
        rooms = frozenset(room for topic in topics for room in rooms_of(topic, member.reach))
        for room in member.rooms - rooms:
            self._sockets.leave(sid, f"{tenant}:{room}")
        for room in rooms - member.rooms:
            self._sockets.enter(sid, f"{tenant}:{room}")
        member.topics, member.rooms = topics, rooms

    def _drop(self, sid: str, reason: str) -> None:
        DROPPED.labels(reason).inc()
        log.info("live.dropped", tenant=self._where.get(sid), reason=reason)
        self._sockets.end(sid)


def _connection(member: _Member) -> Connection:
    guest = member.guest
    return Connection(
        id=guest.id,
        user_id=guest.user_id,
        session_id=guest.session_id,
        ip_address=guest.ip_address,
        user_agent=guest.user_agent,
        connected_at=guest.connected_at,
    )
