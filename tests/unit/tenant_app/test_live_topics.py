"""Topics and changes: what may be followed, and whom a change concerns."""

from datetime import date
from uuid import UUID, uuid4

import pytest

from kernel.web.live import address_of, connect_source
from live.door import origin_of
from tenant_app.live.bus import Change, read
from tenant_app.live.public import (
    appointment_changed,
    day_topic,
    heard,
    notices_changed,
    notices_topic,
    permission_for,
    permitted,
    queue_changed,
    queue_topic,
    topics_of,
)
from tenant_app.reach.public import Reach

SOME = UUID("01a1fe40-6b9b-7327-b08b-d521a3a60146")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "queue:",
        "queue:1",
        "day:",
        "day:01/02/2026",
        "user:1",
        "QUEUE",
        "queue\n",
        f"x:{SOME}",
        f"queue:{SOME}:x",
    ],
)
def test_what_is_no_topic_is_permitted_to_nobody(text: str) -> None:
    assert permission_for(text) is None
    everything = frozenset({"queue.read", "appointment.read"})
    assert permitted([text], permissions=everything, user_id=SOME, reach=None) == frozenset()
    assert topics_of(Change(kind="notice", places=(text,))) == frozenset()


def test_a_topic_needs_what_its_page_needs() -> None:
    line, day = queue_topic(uuid4()), day_topic(date(2026, 11, 21))
    topics = [line, "queue", day]
    assert permitted(topics, permissions=frozenset({"queue.read"}), user_id=SOME, reach=None) == {line, "queue"}
    assert permitted(topics, permissions=frozenset({"appointment.read"}), user_id=SOME, reach=None) == {day}


@pytest.mark.parametrize("reach", [None, Reach(user_id=SOME, departments=frozenset({uuid4()}))])
def test_notices_are_followed_by_whose_they_are(reach: Reach | None) -> None:
    own, another = notices_topic(SOME), notices_topic(uuid4())
    asked = ["notices", own, another]
    assert permitted(asked, permissions=frozenset({"queue.read"}), user_id=SOME, reach=reach) == {"notices", own}
    assert topics_of(notices_changed([SOME, SOME])) == {own}
    assert topics_of(notices_changed()) == {"notices"}
    assert heard([notices_changed([SOME])], ["notices", own], reach) == {own}


def test_whom_a_change_concerns() -> None:
    department = uuid4()
    queue = queue_changed(entry_id=uuid4(), department_id=department, version=2)
    assert topics_of(queue) == {"queue", queue_topic(department)}
    moved = appointment_changed(
        appointment_id=uuid4(),
        days=(date(2026, 11, 23), date(2026, 11, 21), date(2026, 11, 21)),
        whose=(department, uuid4()),
        version=3,
    )
    assert topics_of(moved) == {"day:2026-11-21", "day:2026-11-23"}
    assert topics_of(Change(kind="queue", places=("nonsense", "*"))) == {"queue"}


def test_what_was_missed_is_of_ones_own_departments() -> None:
    ours, theirs = uuid4(), uuid4()
    reach = Reach(user_id=uuid4(), departments=frozenset({ours}))
    day = date(2026, 11, 21)
    wanted = ["queue", day_topic(day)]
    elsewhere = queue_changed(entry_id=uuid4(), department_id=theirs, version=1)
    booked = appointment_changed(appointment_id=uuid4(), days=[day], whose=[ours], version=1)
    assert heard([elsewhere, booked], wanted, reach) == {day_topic(day)}
    assert heard([elsewhere, booked], wanted, None) == set(wanted)
    assert heard([], wanted, None) == set()


@pytest.mark.parametrize(
    "raw",
    [None, b"", b"{}", b'{"kind":"other"}', b'{"kind":"queue","more":1}', b"\x80\x04", b'{"kind":"queue","places":5}'],
)
def test_what_cannot_be_read_counts_as_a_gap(raw: bytes | None) -> None:
    assert read(raw) == Change(kind="gap")


@pytest.mark.parametrize(
    ("live", "own", "address", "policy"),
    [
        ("", "https://staff.example.vn", None, ()),
        ("https://staff.example.vn", "https://staff.example.vn/", "", ()),
        ("http://127.0.0.1:8003", "http://127.0.0.1:8001", "http://127.0.0.1:8003", ("ws://127.0.0.1:8003",)),
        ("https://live.example.vn/", "https://staff.example.vn", "https://live.example.vn", ("wss://live.example.vn",)),
    ],
)
def test_pages_connect_to_exactly_that_address(
    live: str, own: str, address: str | None, policy: tuple[str, ...]
) -> None:
    assert address_of(live, own) == address
    assert connect_source(address) == policy


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://staff.example.vn/", "https://staff.example.vn"),
        ("https://staff.example.vn:443", "https://staff.example.vn"),
        ("http://127.0.0.1:8001", "http://127.0.0.1:8001"),
    ],
)
def test_an_origin_is_what_a_browser_says(address: str, origin: str) -> None:
    assert origin_of(address) == origin
