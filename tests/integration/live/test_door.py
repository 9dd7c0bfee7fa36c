"""Who is let in: staff who are signed in, on a page of their own portal, as long as there is room."""

import pytest
from sqlalchemy import update

from central import roles
from central.registry.public import Unannounced, suspend
from kernel.clock import utc_now
from live.app import LiveProcess
from live.door import Limits
from tenant_app.live.public import MOST_TOPICS
from tenant_app.staff.models import StaffSession, User
from tests.support.clinic import Clinic
from tests.support.live import NotLetIn, OpenWindow, SignIn, Window, cookie_of
from tests.support.portals import Portals
from tests.support.staff_browser import Browser
from tests.support.waiting import wait_until


@pytest.fixture
def nurse(sign_in: SignIn, clinic: Clinic) -> Browser:
    """Somebody who is signed in."""
    return sign_in(clinic, "nurse")


def refused(address: str, *, cookie: str | None, origin: str | None, path: str = "/live/") -> str:
    with pytest.raises(NotLetIn) as why:
        Window.open(address, cookie=cookie, origin=origin, path=path)
    return str(why.value)


def test_without_a_session_nobody_comes_in(address: str, portals: Portals, nurse: Browser) -> None:
    origin = portals.settings.staff_url
    token = cookie_of(nurse.client)
    for cookie in (None, "", "abc", token[:-3] + "AAA"):
        assert "401" in refused(address, cookie=cookie, origin=origin)


def test_a_token_of_another_kind_opens_nothing(
    address: str, portals: Portals, clinic: Clinic, nurse: Browser, live: LiveProcess
) -> None:
    """The API's token of the same person, and a page token that another issuer signed."""
    origin = portals.settings.staff_url
    with clinic.uow() as uow:
        username = uow.session.get_one(User, nurse.user_id).username
    signed_in = portals.staff.test_client().post(
        "/api/v1/auth/login",
        json={"tenant": clinic.hospital.tenant_code, "username": username, "password": "một mật khẩu thật dài"},
    )
    assert signed_in.status_code == 200, signed_in.text
    assert "401" in refused(address, cookie=signed_in.get_json()["access_token"], origin=origin)


def test_a_page_of_another_origin_cannot_connect(address: str, portals: Portals, nurse: Browser) -> None:
    cookie = cookie_of(nurse.client)
    staff = portals.settings.staff_url
    others = (
        None,
        "null",
        "https://evil.example",
        portals.settings.patient_url,
        portals.settings.central_url,
        f"{staff}.evil.example",
        f"{staff}/",
        staff.replace("http:", "https:"),
        "http://127.0.0.1",
    )
    for origin in others:
        assert "403" in refused(address, cookie=cookie, origin=origin), origin


def test_a_hospitals_own_domain_is_its_own_sessions_only(
    address: str, portals: Portals, clinics: tuple[Clinic, Clinic], sign_in: SignIn
) -> None:
    ours, theirs = clinics
    with ours.hospital.central.superuser() as connection:
        connection.execute("UPDATE tenants SET domain = 'bv-mot.example.org' WHERE id = %s", (ours.hospital.tenant,))
    origin = "http://bv-mot.example.org"
    own = Window.open(address, cookie=cookie_of(sign_in(ours, "nurse").client), origin=origin)
    own.close()
    assert "403" in refused(address, cookie=cookie_of(sign_in(theirs, "nurse").client), origin=origin)


def test_a_session_that_has_ended_and_a_person_who_left_do_not_come_in(
    address: str, portals: Portals, clinic: Clinic, sign_in: SignIn
) -> None:
    origin = portals.settings.staff_url
    ended, left = sign_in(clinic, "nurse"), sign_in(clinic, "doctor")
    with clinic.uow() as uow:
        uow.session.execute(
            update(StaffSession).where(StaffSession.account_id == ended.user_id).values(ended_at=utc_now())
        )
        uow.session.execute(update(User).where(User.id == left.user_id).values(status="inactive"))
        uow.commit()
    for browser in (ended, left):
        assert "401" in refused(address, cookie=cookie_of(browser.client), origin=origin)


def test_nobody_of_a_suspended_hospital_comes_in(
    address: str, portals: Portals, clinic: Clinic, nurse: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("live.door.COMINGS_A_MINUTE", 10_000)
    with clinic.hospital.central.database(roles.CONSOLE).unit_of_work() as uow:
        suspend(uow=uow, tenant=clinic.hospital.tenant, announcer=Unannounced())
        uow.commit()
    origin, cookie = portals.settings.staff_url, cookie_of(nurse.client)

    def shut() -> bool:
        try:
            Window.open(address, cookie=cookie, origin=origin).close()
        except NotLetIn as why:
            return "403" in str(why)
        return False

    wait_until(shut, what="the suspension at the door")


@pytest.mark.parametrize("path", ["/live/?EIO=4&transport=polling&x=", "/live/?EIO=3&x="])
def test_only_websockets_of_this_protocol_are_spoken(address: str, portals: Portals, nurse: Browser, path: str) -> None:
    assert refused(address, cookie=cookie_of(nurse.client), origin=portals.settings.staff_url, path=path)


def test_there_is_room_for_so_many_and_a_place_comes_free(
    live: LiveProcess, window: OpenWindow, sign_in: SignIn, clinics: tuple[Clinic, Clinic]
) -> None:
    live.door._limits = Limits(of_a_session=2, of_a_hospital=3, in_all=4)
    ours, theirs = clinics
    first, second, other = sign_in(ours, "nurse"), sign_in(ours, "doctor"), sign_in(theirs, "nurse")
    held = [window(first), window(first)]
    with pytest.raises(NotLetIn, match="429"):
        window(first)
    window(second)
    with pytest.raises(NotLetIn, match="429"):
        window(second)
    window(other)
    with pytest.raises(NotLetIn, match="503"):
        window(other)
    held[0].close()
    wait_until(lambda: live.door.inside == 3, what="the place")
    window(second)


def test_who_says_too_much_or_too_long_a_word_is_sent_away(
    window: OpenWindow, nurse: Browser, live: LiveProcess
) -> None:
    talker, shouter, asker = window(nurse), window(nurse), window(nurse)
    for _ in range(25):
        if not talker.ended:
            talker.say("anything", "at all")
    wait_until(lambda: talker.ended, what="the end of the talker")
    shouter.say("follow", "x" * 10_000)
    wait_until(lambda: shouter.ended, what="the end of the shouter")
    assert asker.follow(*(["queue"] * (MOST_TOPICS + 1))) == {"error": "topics"}
    asker.say("follow", {"topics": "queue"})
    asker.say("follow")
    asker.say("follow", None, 1, [])
    assert asker.follow("queue", since="not a place")["following"] == ["queue"]
    wait_until(lambda: live.door.inside == 1, what="the places of those who were sent away")


def test_who_was_sent_away_does_not_come_back_on_the_same_connection(
    window: OpenWindow, nurse: Browser, live: LiveProcess
) -> None:
    guest = window(nurse)
    guest.send("41")
    guest.send("40")
    wait_until(lambda: guest.ended, what="the end")
    assert not live.hub.tenants()


def test_a_connection_on_which_nothing_is_said_is_hung_up_on(
    monkeypatch: pytest.MonkeyPatch, address: str, portals: Portals, nurse: Browser, live: LiveProcess
) -> None:
    monkeypatch.setattr("live.door.JOIN_SECONDS", 0.1)
    origin = portals.settings.staff_url
    silent = Window.open(address, cookie=cookie_of(nurse.client), origin=origin, join=False)
    wait_until(lambda: silent.ended and not live.door.inside, what="the end of who says nothing")
    silent.close()


@pytest.mark.parametrize("ends", [True, False])
def test_who_takes_long_to_say_the_first_word_is_looked_at_once_more(
    monkeypatch: pytest.MonkeyPatch, address: str, portals: Portals, clinic: Clinic, nurse: Browser, ends: bool
) -> None:
    """A session that ended between the door and the first word hears nothing."""
    monkeypatch.setattr("live.door.FRESH_SECONDS", -1.0)
    late = Window.open(address, cookie=cookie_of(nurse.client), origin=portals.settings.staff_url, join=False)
    if ends:
        with clinic.uow() as uow:
            uow.session.execute(
                update(StaffSession).where(StaffSession.account_id == nurse.user_id).values(ended_at=utc_now())
            )
            uow.commit()
    late.send("40")
    wait_until(lambda: late.joined or late.ended, what="the answer")
    assert late.joined is not ends
    late.close()


def test_addresses_of_the_machine(live: LiveProcess) -> None:
    client = live.app.test_client()
    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz").get_json()
    assert ready["status"] == "ready"
    assert set(ready["checks"]) == {"central", "keys", "redis"}
    assert "sokham_live_refused_total" in client.get("/metrics").text
    missing = client.get("/anything")
    assert (missing.status_code, missing.get_json()["code"]) == (404, "not_found")
    assert client.get("/live/").status_code == 400
