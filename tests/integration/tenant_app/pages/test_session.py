"""Signing in, accepting an invite, signing out: by the pages, on the real databases."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select, update

from central import roles
from central.auth.lockout import FREE_FAILURES
from central.registry.public import Unannounced, suspend
from central.router.public import TenantRouter
from kernel.settings import Settings
from manage.wiring.staff import staff_app
from tenant_app.staff.models import StaffSession, User
from tenant_app.staff.public import NewUser, create_user
from tests.support.clinic import Clinic
from tests.support.databases import CentralDatabase
from tests.support.staff_browser import PASSWORD, Browser

SignIn = Callable[[Clinic, str], Browser]


def invite(clinic: Clinic, username: str = "lan.tran") -> str:
    """The code of an invite that has just been made."""
    with clinic.uow() as uow:
        new = NewUser(
            username=username,
            email=f"{username}@hongha.example",
            full_name="Trần Thị Lan",
            role="nurse",
            department_id=clinic.department_id,
        )
        _user, issued = create_user(uow=uow, actor=clinic.admin, new=new, tag=clinic.hospital.tenant_code)
        uow.commit()
    return issued.secret.text


def test_who_is_not_signed_in_is_led_to_the_form_and_back(sign_in: SignIn, clinic: Clinic, stranger: Browser) -> None:
    answer = stranger.client.get("/patients")
    assert answer.status_code == 303
    assert answer.location == "/sign-in?next=/patients"
    assert 'name="next" value="/patients"' in stranger.get(answer.location)
    known = sign_in(clinic, "nurse")
    assert known.client.get("/").location == "/today"


def test_after_signing_in_the_hospital_is_remembered_and_the_cookie_is_closed(sign_in: SignIn, clinic: Clinic) -> None:
    browser = sign_in(clinic, "nurse")
    session = browser.client.get_cookie("sokham_staff_session")
    assert session is not None
    assert session.http_only
    assert session.same_site == "Lax"
    browser.post("/sign-out")
    page = browser.get("/sign-in")
    assert f'value="{clinic.hospital.tenant_code}"' in page
    assert browser.client.get("/today").status_code == 303


def test_the_page_that_was_wanted_comes_after_and_no_other_site(
    clinics: tuple[Clinic, Clinic], stranger: Browser
) -> None:
    clinic = clinics[0]
    code = invite(clinic)
    stranger.post("/invite", code=code, password=PASSWORD)
    stranger.post("/sign-out")
    fields = {"hospital": clinic.hospital.tenant_code, "username": "lan.tran", "password": PASSWORD}
    assert stranger.post("/sign-in", next="/patients", **fields).location == "/patients"
    stranger.post("/sign-out")
    assert stranger.post("/sign-in", next="//evil.example/", **fields).location == "/"


def test_what_is_missing_is_named_at_its_field(stranger: Browser) -> None:
    answer = stranger.post("/sign-in", hospital="bv-a", username="", password="")
    assert answer.status_code == 422
    assert 'id="username-error"' in answer.text
    assert 'id="password-error"' in answer.text
    assert 'value="bv-a"' in answer.text


def test_a_wrong_hospital_name_or_password_has_one_answer(sign_in: SignIn, clinic: Clinic, stranger: Browser) -> None:
    sign_in(clinic, "nurse")
    code = clinic.hospital.tenant_code
    wrong = [
        {"hospital": code, "username": "nobody.here", "password": PASSWORD},
        {"hospital": "bv-no-such", "username": "quantri", "password": PASSWORD},
        {"hospital": "?!", "username": "quantri", "password": PASSWORD},
        {"hospital": code, "username": "quantri", "password": "not this one at all"},
    ]
    stranger.client.set_cookie("lang", "en")
    answers = [stranger.post("/sign-in", **fields) for fields in wrong]
    assert [answer.status_code for answer in answers] == [401] * 4
    assert all("That did not match" in answer.text for answer in answers)
    assert not any(PASSWORD in answer.text for answer in answers)


def test_a_suspended_hospital_says_so(central: CentralDatabase, clinic: Clinic, stranger: Browser) -> None:
    with central.database(roles.CONSOLE).unit_of_work() as uow:
        suspend(uow=uow, tenant=clinic.hospital.tenant, announcer=Unannounced())
        uow.commit()
    stranger.client.set_cookie("lang", "en")
    answer = stranger.post("/sign-in", hospital=clinic.hospital.tenant_code, username="quantri", password=PASSWORD)
    assert answer.status_code == 403
    assert "This hospital is suspended" in answer.text


def test_after_too_many_failures_the_page_says_how_long_to_wait(
    sign_in: SignIn, clinic: Clinic, stranger: Browser
) -> None:
    sign_in(clinic, "admin")
    fields = {"hospital": clinic.hospital.tenant_code, "username": "quantri"}
    for _attempt in range(FREE_FAILURES):
        assert stranger.post("/sign-in", password="not this one at all", **fields).status_code == 401
    answer = stranger.post("/sign-in", password=PASSWORD, **fields)
    assert answer.status_code == 429
    seconds = int(answer.headers["Retry-After"])
    assert 0 < seconds <= 60
    assert f"{seconds} giây" in answer.text
    assert 'value="quantri"' in answer.text, "what was typed stays"


def test_a_colleague_keeps_nobody_out_of_their_own_browser(
    sign_in: SignIn, clinics: tuple[Clinic, Clinic], app: Flask
) -> None:
    """All desks are one network: failures there lock it, but not a browser in which the owner signed in before."""
    clinic = clinics[0]
    owner, colleague, there = sign_in(clinic, "admin"), sign_in(clinic, "nurse"), sign_in(clinics[1], "admin")

    def attempt(browser: Browser, password: str = PASSWORD) -> int:
        fields = {"hospital": clinic.hospital.tenant_code, "username": "quantri", "password": password}
        return browser.post("/sign-in", **fields).status_code

    assert owner.post("/sign-out").status_code == 303
    for _attempt in range(FREE_FAILURES):
        assert attempt(colleague, "not this one at all") == 401
    # Whoever is known for another account, the same name at another hospital, or by a cookie that is not ours, waits.
    forged = Browser(app.test_client())
    forged.client.set_cookie("sokham_staff_browser", "x.y.z", path="/sign-in")
    assert [attempt(each) for each in (colleague, there, forged)] == [429, 429, 429]
    assert attempt(owner) == 303
    # The known browser's own failures lock it, for a while.
    assert owner.post("/sign-out").status_code == 303
    assert [attempt(owner, "not this one at all") for _ in range(FREE_FAILURES)] == [401] * FREE_FAILURES
    assert attempt(owner) == 429
    with clinic.hospital.superuser() as connection:
        connection.execute("UPDATE staff_sign_in_failures SET locked_until = now() - interval '1 second'")
    assert [attempt(each) for each in (owner, forged)] == [303, 303]


def test_a_flood_from_the_next_desk_keeps_nobody_out(settings: Settings, sign_in: SignIn, clinic: Clinic) -> None:
    """The limit by address is one for a whole hospital; who has signed in before in this browser has a share alone."""
    sign_in(clinic, "admin")
    fields = {"hospital": clinic.hospital.tenant_code, "username": "quantri"}
    app = staff_app(replace(settings, sign_in_per_minute=3))
    try:
        owner, flood = Browser(app.test_client()), Browser(app.test_client())
        assert owner.post("/sign-in", password=PASSWORD, **fields).status_code == 303
        assert owner.post("/sign-out").status_code == 303
        for name in ("a", "b", "c", "d"):
            refused = flood.post("/sign-in", hospital=fields["hospital"], username=name, password="not this one at all")
        assert refused.status_code == 429
        assert [owner.post("/sign-in", password=PASSWORD, **fields).status_code for _ in range(4)] == [
            303,
            303,
            303,
            429,
        ]
    finally:
        app.extensions["sokham"][TenantRouter].close()


def test_an_invite_greets_by_name_and_signs_in_with_the_chosen_password(clinic: Clinic, stranger: Browser) -> None:
    code = invite(clinic)
    assert "data-from-fragment" in stranger.get("/invite")
    greeting = stranger.post("/invite", code=code)
    assert greeting.status_code == 200
    assert "Trần Thị Lan" in greeting.text
    assert "15 ký tự" in greeting.text, "the rules are said beforehand"
    short = stranger.post("/invite", code=code, password="ngắn")
    assert short.status_code == 422
    assert 'id="password-error"' in short.text
    assert "Trần Thị Lan" in short.text
    done = stranger.post("/invite", code=code, password=PASSWORD)
    assert done.status_code == 303
    assert "Trần Thị Lan" in stranger.get("/today")
    again = stranger.post("/invite", code=code)
    assert again.status_code == 401, "an invite is good once"
    assert code not in again.text


@pytest.mark.parametrize("code", ["", "nonsense", "bv-no-such.abcdef", "central.abcdef"])
def test_a_code_that_is_none_is_refused(code: str, stranger: Browser) -> None:
    answer = stranger.post("/invite", code=code)
    assert answer.status_code == 401
    assert 'name="code"' in answer.text


def test_signing_out_ends_the_session_in_the_hospital_itself(sign_in: SignIn, clinic: Clinic) -> None:
    browser = sign_in(clinic, "nurse")
    stolen = browser.client.get_cookie("sokham_staff_session")
    assert stolen is not None
    assert browser.post("/sign-out").status_code == 303
    with clinic.uow() as uow:
        mine = StaffSession.account_id == browser.user_id
        assert uow.session.scalars(select(StaffSession.ended_at).where(mine)).one() is not None
    browser.client.set_cookie("sokham_staff_session", stolen.value)
    assert browser.client.get("/today").status_code == 303


def test_who_has_left_is_out_at_once(sign_in: SignIn, clinic: Clinic) -> None:
    browser = sign_in(clinic, "nurse")
    browser.get("/today")
    with clinic.uow() as uow:
        uow.session.execute(update(User).where(User.id == browser.user_id).values(status="inactive"))
        uow.commit()
    assert browser.client.get("/today").status_code == 303


@pytest.mark.parametrize("path", ["/sign-in", "/invite", "/sign-out"])
def test_a_form_of_another_site_is_refused(path: str, stranger: Browser, settings: Settings) -> None:
    answer = stranger.client.post(path, data={"hospital": "bv-a", "username": "a", "password": "b", "code": "c.d"})
    assert answer.status_code == 400
