"""Who hears what: rooms by hospital, rights, and silence where a hospital was not looked at lately."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID, uuid4

import pytest

from kernel.clock import utc_now
from kernel.ids import TenantId
from live.guest import Guest
from live.hub import CONFIRMED_SECONDS, Hub
from tenant_app.auth.public import Standing
from tenant_app.live.public import Change, appointment_changed, day_topic, queue_changed, queue_topic
from tenant_app.reach.public import Reach

ALL = frozenset({"queue.read", "appointment.read"})


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Rooms:
    """Sockets that remember who is where, and what each heard."""

    rooms: dict[str, set[str]] = field(default_factory=dict)
    heard: dict[str, list[str]] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)

    def say(self, word: str, data: Mapping[str, object], *, to: str) -> None:
        for sid in self.rooms.get(to, set() if ":" in to else {to}):
            self.heard.setdefault(sid, []).append(f"{word} {data.get('topic', data.get('behind', ''))}".strip())

    def enter(self, sid: str, room: str) -> None:
        self.rooms.setdefault(room, set()).add(sid)

    def leave(self, sid: str, room: str) -> None:
        self.rooms[room].discard(sid)

    def end(self, sid: str) -> None:
        self.ended.append(sid)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rooms() -> Rooms:
    return Rooms()


@pytest.fixture
def hub(rooms: Rooms, clock: Clock) -> Hub:
    return Hub(rooms, monotonic=clock)


def guest(tenant: TenantId, clock: Clock, *, permissions: frozenset[str] = ALL, reach: Reach | None = None) -> Guest:
    return Guest(
        id=uuid4(),
        tenant=tenant,
        tenant_code="bv-mot",
        session_id=uuid4(),
        user_id=uuid4(),
        permissions=permissions,
        reach=reach,
        admitted_at=clock(),
        connected_at=utc_now(),
        ip_address=None,
        user_agent=None,
    )


def hospital() -> TenantId:
    return TenantId.parse(uuid4())


def standing(who: Guest, permissions: frozenset[str] = ALL, *, reach: Reach | None = None) -> dict[UUID, Standing]:
    found = Standing(session_id=who.session_id, user_id=who.user_id, permissions=permissions, reach=reach)
    return {who.session_id: found}


def test_the_same_topic_of_two_hospitals_is_two_rooms(hub: Hub, rooms: Rooms, clock: Clock) -> None:
    ours, theirs = hospital(), hospital()
    topic = queue_topic(uuid4())
    for sid, tenant in (("a", ours), ("b", theirs)):
        hub.join(sid, guest(tenant, clock))
        hub.follow(sid, [topic])
    hub.deliver(ours, "1-0", Change(kind="queue", places=(topic,)))
    assert rooms.heard == {"a": [f"changed {topic}"]}


def test_nothing_is_told_later_than_the_bound_after_the_last_look_and_then_all_is_asked_for(
    hub: Hub, rooms: Rooms, clock: Clock
) -> None:
    tenant = hospital()
    who = guest(tenant, clock)
    hub.join("a", who)
    hub.follow("a", ["queue"])
    clock.now += CONFIRMED_SECONDS
    hub.deliver(tenant, "1-0", Change(kind="queue"))
    assert rooms.heard["a"] == ["changed queue"]
    clock.now += 0.1
    hub.deliver(tenant, "2-0", Change(kind="queue"))
    hub.say_silent()
    assert rooms.heard["a"] == ["changed queue", "state True"]
    (look,) = hub.looks()
    hub.confirm(look, standing(who), since=clock())
    assert rooms.heard["a"][2:] == ["state False", "reload"]
    hub.say_silent()
    hub.confirm(hub.looks()[0], standing(who), since=clock())
    assert len(rooms.heard["a"]) == 4, "said once"


def test_a_look_judges_those_whom_it_asked_about(hub: Hub, rooms: Rooms, clock: Clock) -> None:
    tenant = hospital()
    stays, goes, late = (guest(tenant, clock) for _ in range(3))
    hub.join("stays", stays)
    hub.join("goes", goes)
    (look,) = hub.looks()
    hub.join("late", late)
    hub.confirm(look, standing(stays), since=clock())
    assert rooms.ended == ["goes"]


def test_a_right_that_is_gone_takes_its_topics_along(hub: Hub, rooms: Rooms, clock: Clock) -> None:
    tenant = hospital()
    who = guest(tenant, clock)
    hub.join("a", who)
    hub.follow("a", ["queue", "day:2026-01-01"])
    hub.confirm(hub.looks()[0], standing(who, frozenset({"appointment.read"})), since=clock())
    assert rooms.heard["a"] == ["withdrawn"]
    hub.deliver(tenant, "1-0", Change(kind="queue"))
    hub.deliver(tenant, "2-0", Change(kind="appointment", places=("day:2026-01-01",)))
    assert rooms.heard["a"] == ["withdrawn", "changed day:2026-01-01"]
    assert hub.follow("a", ["queue"]) == (tenant, frozenset(), None)


def test_what_a_look_takes_along_to_be_written_is_given_back_when_it_fails(
    hub: Hub, rooms: Rooms, clock: Clock
) -> None:
    tenant = hospital()
    first, second = guest(tenant, clock), guest(tenant, clock)
    hub.join("a", first)
    hub.join("b", second)
    (look,) = hub.looks()
    assert look.changed == {first.id, second.id}
    hub.leave("b")
    hub.failed(look)
    (again,) = hub.looks()
    assert (set(again.changed), set(again.left)) == ({first.id}, {second.id})
    hub.leave("a")
    (last,) = hub.looks()
    assert not last.held
    assert last.left == {first.id}
    assert hub.looks() == []
    assert hub.tenants() == frozenset()


def test_a_suspended_hospital_hears_nothing_from_then_on(hub: Hub, rooms: Rooms, clock: Clock) -> None:
    tenant = hospital()
    hub.join("a", guest(tenant, clock))
    hub.follow("a", ["queue"])
    hub.drop_hospital(tenant, "hospital_suspended")
    hub.deliver(tenant, "1-0", Change(kind="queue"))
    assert rooms.ended == ["a"]
    assert rooms.heard == {}


def test_who_sees_one_department_hears_of_no_other(hub: Hub, rooms: Rooms, clock: Clock) -> None:
    tenant, ours, theirs = hospital(), uuid4(), uuid4()
    me = uuid4()
    reach = Reach(user_id=me, departments=frozenset({ours}))
    day = date(2026, 11, 21)
    topics = [day_topic(day), "queue", queue_topic(ours), queue_topic(theirs)]
    hub.join("limited", guest(tenant, clock, reach=reach))
    hub.join("whole", guest(tenant, clock))
    assert hub.follow("limited", topics) == (tenant, frozenset({day_topic(day), "queue", queue_topic(ours)}), reach)
    hub.follow("whole", topics)

    def booked(department_id: UUID, doctor_id: UUID) -> list[str]:
        change = appointment_changed(appointment_id=uuid4(), days=[day], whose=[department_id, doctor_id], version=1)
        rooms.heard.clear()
        hub.deliver(tenant, "1-0", change)
        assert rooms.heard.pop("whole") == [f"changed {day_topic(day)}"]
        return rooms.heard.pop("limited", [])

    assert booked(ours, uuid4()) == [f"changed {day_topic(day)}"]
    assert booked(theirs, uuid4()) == []
    assert booked(theirs, me) == [f"changed {day_topic(day)}"], "one's own wherever it is"
    rooms.heard.clear()
    hub.deliver(tenant, "2-0", queue_changed(entry_id=uuid4(), department_id=theirs, version=1))
    assert "limited" not in rooms.heard
    hub.deliver(tenant, "3-0", queue_changed(entry_id=uuid4(), department_id=ours, version=1))
    assert sorted(rooms.heard["limited"]) == sorted(["changed queue", f"changed {queue_topic(ours)}"])


def test_another_department_is_heard_from_the_next_look_on(hub: Hub, rooms: Rooms, clock: Clock) -> None:
    tenant, before, after = hospital(), uuid4(), uuid4()
    who = guest(tenant, clock, reach=Reach(user_id=uuid4(), departments=frozenset({before})))
    hub.join("a", who)
    hub.follow("a", ["queue", queue_topic(before)])
    moved = Reach(user_id=who.user_id, departments=frozenset({after}))
    (look,) = hub.looks()
    hub.confirm(look, standing(who, reach=moved), since=clock())
    assert rooms.heard["a"] == ["withdrawn"]
    rooms.heard.clear()
    for department_id in (before, after):
        hub.deliver(tenant, "1-0", queue_changed(entry_id=uuid4(), department_id=department_id, version=1))
    assert rooms.heard == {"a": ["changed queue"]}
