"""Who was away reads what was missed, or asks for everything where that can no longer be told."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from redis import Redis
from sqlalchemy import select, text

from kernel.clock import utc_now
from kernel.ids import new_row_id
from kernel.redis_client import HelpfulRedis, connect
from live.app import LiveProcess
from manage.wiring.live import live_process
from tenant_app.live.models import WebsocketConnection
from tenant_app.live.public import Change, Connection, LiveBus, connected_people, queue_topic, stream_of, write_down
from tenant_app.staff.models import StaffSession
from tests.integration.live.test_changes import call_somebody, hears
from tests.support.clinic import Clinic
from tests.support.live import OpenWindow, SignIn, Window, cookie_of, served_live
from tests.support.portals import Portals
from tests.support.proxy import Proxy
from tests.support.waiting import wait_until


def test_who_comes_back_gets_what_was_missed(window: OpenWindow, sign_in: SignIn, clinic: Clinic) -> None:
    doctor = sign_in(clinic, "doctor")
    line = queue_topic(clinic.department_id)
    before = window(doctor)
    at = before.follow(line)["at"]
    before.close()
    call_somebody(clinic, doctor)
    after = window(doctor)
    answer = after.follow(line, "day:2026-01-01", since=at)
    assert answer["changed"] == [line]
    assert after.follow(line, since=answer["at"])["changed"] == []


def test_a_page_hears_of_what_happened_since_it_was_asked_for(
    window: OpenWindow, sign_in: SignIn, clinic: Clinic, portals: Portals
) -> None:
    """Between the page's reading and the connection's first word nothing falls through."""
    doctor = sign_in(clinic, "doctor")
    window(doctor).follow("queue")
    with portals.staff.test_request_context():
        since = portals.staff.jinja_env.globals["live_since"]()  # type: ignore[operator]  # a function of ours
    call_somebody(clinic, doctor)
    late = window(doctor)
    assert queue_topic(clinic.department_id) in late.follow(queue_topic(clinic.department_id), since=since)["changed"]


@pytest.mark.parametrize("since", ["", "1-1", "0-0", "nothing", "9" * 40])
def test_what_is_too_long_ago_is_a_reload(window: OpenWindow, sign_in: SignIn, clinic: Clinic, since: str) -> None:
    doctor = sign_in(clinic, "doctor")
    call_somebody(clinic, doctor)
    answer = window(doctor).follow("queue", since=since)
    assert answer["changed"] == ["queue"]


def test_an_emptied_redis_is_a_reload(
    window: OpenWindow, sign_in: SignIn, clinics: tuple[Clinic, Clinic], redis: Redis, wire: Proxy
) -> None:
    ours, theirs = clinics
    doctor = sign_in(ours, "doctor")
    watching, elsewhere = window(doctor), window(sign_in(theirs, "nurse"))
    at = watching.follow("queue")["at"]
    elsewhere.follow("queue")
    wire.swallow()
    wait_until(lambda: {"behind": True} in watching.told("state"), what="word that the bus is away")
    assert window(doctor).follow("queue", since=at)["behind"] is True
    assert doctor.get("/queue"), "pages go on"
    redis.flushdb()
    wire.forward()
    for each in (watching, elsewhere):
        wait_until(lambda each=each: {"behind": False} in each.told("state"), what="word that it is back")  # type: ignore[misc]  # bound here
        wait_until(lambda each=each: each.told("reload"), what="the reload")  # type: ignore[misc]  # as above
    call_somebody(ours, doctor)
    hears(watching, "queue")
    assert window(doctor).follow("queue", since=at)["changed"] == ["queue"], "what stood after it is not known any more"


def test_what_could_not_be_told_is_a_gap_before_the_next_word(
    window: OpenWindow, sign_in: SignIn, clinic: Clinic, redis_url: str
) -> None:
    watching = window(sign_in(clinic, "nurse"))
    watching.follow("queue")
    bus = LiveBus(HelpfulRedis(connect("redis://127.0.0.1:1/0"), pause_seconds=0))
    tenant = clinic.hospital.tenant
    bus.publish(tenant, [Change(kind="queue")])
    bus._redis = HelpfulRedis(connect(redis_url))
    bus.publish(tenant, [Change(kind="appointment", places=("day:2026-01-01",))])
    wait_until(lambda: watching.told("reload"), what="the reload")
    assert watching.topics_told() == set(), "that was told was of a day"


def test_an_entry_that_nobody_can_read_is_a_gap(
    window: OpenWindow, sign_in: SignIn, clinic: Clinic, redis: Redis
) -> None:
    watching = window(sign_in(clinic, "nurse"))
    watching.follow("queue")
    redis.xadd(stream_of(clinic.hospital.tenant), {"c": b'\x80\x04{"kind":"queue"}'})
    wait_until(lambda: watching.told("reload"), what="the reload")
    assert not watching.ended


def test_several_processes_each_tell_their_own_windows(
    window: OpenWindow, sign_in: SignIn, clinic: Clinic, portals: Portals
) -> None:
    doctor = sign_in(clinic, "doctor")
    here = window(doctor)
    here.follow("queue")
    second: LiveProcess = live_process(portals.settings)
    with served_live(second) as address:
        there = Window.open(address, cookie=cookie_of(doctor.client), origin=portals.settings.staff_url)
        there.follow("queue")
        call_somebody(clinic, doctor)
        hears(here, "queue")
        hears(there, "queue")
        there.close()


def test_who_is_connected_is_written_down_and_goes(
    window: OpenWindow, sign_in: SignIn, clinics: tuple[Clinic, Clinic]
) -> None:
    ours, theirs = clinics
    nurse = sign_in(ours, "nurse")
    first, second = window(nurse), window(nurse)

    def people(clinic: Clinic) -> list[tuple[object, int]]:
        with clinic.uow() as uow:
            return [(each.user_id, each.windows) for each in connected_people(uow=uow).items]

    wait_until(lambda: people(ours) == [(nurse.user_id, 2)], what="the two windows")
    assert people(theirs) == []
    first.close()
    wait_until(lambda: people(ours) == [(nurse.user_id, 1)], what="the end of one")
    second.close()
    wait_until(lambda: people(ours) == [], what="the end of the other")


def test_what_a_killed_process_left_is_not_counted_and_goes(
    window: OpenWindow, sign_in: SignIn, clinic: Clinic
) -> None:
    nurse, other = sign_in(clinic, "nurse"), sign_in(clinic, "doctor")
    with clinic.uow() as uow:
        row = uow.session.execute(text("SELECT id, account_id FROM staff_sessions ORDER BY id DESC LIMIT 1")).one()
        dead = WebsocketConnection(
            user_id=row.account_id,
            session_id=row.id,
            process_id=uuid4(),
            connected_at=text("now() - interval '1 hour'"),
        )
        dead.seen_at = text("now() - interval '2 minutes'")  # type: ignore[assignment]  # by the database's clock
        uow.session.add(dead)
        uow.commit()
        assert connected_people(uow=uow).items == []
    window(nurse)

    def left() -> list[object]:
        with clinic.uow() as uow:
            return list(uow.session.scalars(select(WebsocketConnection.user_id)))

    wait_until(lambda: left() == [nurse.user_id], what="the end of what was left")
    assert other.user_id not in left()


def test_a_process_that_was_taken_for_dead_writes_its_windows_anew(sign_in: SignIn, clinic: Clinic) -> None:
    """The database was away for longer than a dead process is waited for; the first of two to come back clears up."""
    sign_in(clinic, "nurse")
    now = utc_now()
    with clinic.uow() as uow:
        session = uow.session.execute(select(StaffSession.id, StaffSession.account_id)).one()
        window = Connection(
            id=new_row_id(),
            user_id=session.account_id,
            session_id=session.id,
            ip_address=None,
            user_agent=None,
            connected_at=now,
        )
        ours, nobody = uuid4(), frozenset[UUID]()

        def look(*, process: UUID, held: list[Connection], changed: frozenset[UUID], seconds: float) -> int:
            moment = now + timedelta(seconds=seconds)
            write_down(uow=uow, process_id=process, held=held, left=nobody, changed=changed, alive=True, now=moment)
            return len(connected_people(uow=uow, now=moment).items)

        assert look(process=ours, held=[window], changed=frozenset({window.id}), seconds=0) == 1
        assert look(process=uuid4(), held=[], changed=nobody, seconds=90) == 0
        assert look(process=ours, held=[window], changed=nobody, seconds=91) == 1
        assert look(process=ours, held=[window], changed=nobody, seconds=111) == 1
