"""One's own account in the staff portal: the password, and where one is signed in."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from central.auth.lockout import FREE_FAILURES
from central.auth.signing_in import REMEMBERED
from kernel.errors import SokhamError
from kernel.settings import Settings
from manage.wiring.portals import session_rules
from tenant_app.auth.models import PasswordHistory
from tenant_app.staff.public import invite_to_new_password
from tests.support.clinic import Clinic
from tests.support.counting import count_statements
from tests.support.staff_browser import PASSWORD, Browser

SignIn = Callable[[Clinic, str], Browser]
NEW = "vịt bơi ngược dòng sông"


def change(browser: Browser, current: str, new: str, repeated: str | None = None) -> int:
    """Ask for a new password by the form; the answer's status."""
    answer = browser.post(
        "/account/password", current_password=current, new_password=new, repeated=new if repeated is None else repeated
    )
    assert current not in answer.text
    assert new not in answer.text
    return answer.status_code


def again(app: Flask, browser: Browser, clinic: Clinic, password: str = PASSWORD) -> Browser:
    """The same person in another browser."""
    other = Browser(app.test_client(), browser.user_id)
    with clinic.uow() as uow:
        username = uow.session.execute(
            text("SELECT username FROM users WHERE id = :id"), {"id": browser.user_id}
        ).scalar_one()
    answer = other.post("/sign-in", hospital=clinic.hospital.tenant_code, username=username, password=password)
    assert answer.status_code == 303, answer.text
    return other


def actions(clinic: Clinic, browser: Browser) -> list[str]:
    """What the audit log says that somebody did with the own account, beside signing in."""
    with clinic.uow() as uow:
        return list(
            uow.session.execute(
                text(
                    "SELECT action FROM audit_logs WHERE user_id = :id AND action LIKE 'auth.%'"
                    " AND action <> 'auth.sign_in' ORDER BY created_at, id"
                ),
                {"id": browser.user_id},
            ).scalars()
        )


def test_a_changed_password_ends_the_other_sessions_and_stays_here(
    app: Flask, sign_in: SignIn, clinics: tuple[Clinic, Clinic]
) -> None:
    clinic, other_clinic = clinics
    nurse, stranger = sign_in(clinic, "nurse"), sign_in(other_clinic, "nurse")
    elsewhere = again(app, nurse, clinic)
    assert change(nurse, PASSWORD, NEW) == 303
    assert nurse.client.get("/today").status_code == 200
    assert elsewhere.client.get("/today").status_code == 303
    assert stranger.client.get("/today").status_code == 200
    again(app, nurse, clinic, NEW)
    assert actions(clinic, nurse) == ["auth.password_change"]


def test_each_mistake_is_said_at_its_field(sign_in: SignIn, clinic: Clinic) -> None:
    nurse = sign_in(clinic, "nurse")
    for sent, field in (
        ({"current_password": "", "new_password": NEW, "repeated": NEW}, "current_password"),
        ({"current_password": PASSWORD, "new_password": NEW, "repeated": "khác hẳn"}, "repeated"),
        ({"current_password": "not this one at all", "new_password": NEW, "repeated": NEW}, "current_password"),
        ({"current_password": PASSWORD, "new_password": "ngắn", "repeated": "ngắn"}, "new_password"),
        ({"current_password": PASSWORD, "new_password": PASSWORD, "repeated": PASSWORD}, "new_password"),
    ):
        answer = nurse.post("/account/password", **sent)
        assert answer.status_code == 422
        assert re.findall(r'id="(\w+)-error"', answer.text) == [field]
    code = clinic.hospital.tenant_code
    named = f"làm việc ở {code} lâu rồi"
    assert change(nurse, PASSWORD, named) == 422, "the hospital's code is no secret"
    assert actions(clinic, nurse) == ["auth.password_refused"]


def test_the_last_five_passwords_do_not_come_back(sign_in: SignIn, clinic: Clinic) -> None:
    nurse = sign_in(clinic, "nurse")
    used = [PASSWORD, *(f"{NEW} lần thứ {word}" for word in ("hai", "ba", "bốn", "năm", "sáu"))]
    for before, after in pairwise(used):
        assert change(nurse, before, after) == 303
    for recent in used[-REMEMBERED:]:
        assert change(nurse, used[-1], recent) == 422, recent
    with clinic.uow() as uow:
        kept = uow.session.scalar(
            select(func.count()).select_from(PasswordHistory).where(PasswordHistory.account_id == nurse.user_id)
        )
    assert kept == REMEMBERED - 1
    assert change(nurse, used[-1], used[0]) == 303, "the sixth last is forgotten"


def test_who_gets_a_new_password_by_an_invite_does_not_take_the_old_one(
    sign_in: SignIn, clinic: Clinic, stranger: Browser
) -> None:
    nurse = sign_in(clinic, "nurse")
    assert nurse.user_id is not None
    with clinic.uow() as uow:
        issued = invite_to_new_password(
            uow=uow, actor=clinic.admin, user_id=nurse.user_id, tag=clinic.hospital.tenant_code
        )
        uow.commit()
    code = issued.secret.text
    for refused in (PASSWORD, f"ở {clinic.hospital.tenant_code} vui lắm"):
        answer = stranger.post("/invite", code=code, password=refused)
        assert answer.status_code == 422
        assert 'id="password-error"' in answer.text
    assert stranger.post("/invite", code=code, password=NEW).status_code == 303


def test_guessing_the_present_password_locks_like_guessing_at_the_door(sign_in: SignIn, clinic: Clinic) -> None:
    nurse = sign_in(clinic, "nurse")
    for _attempt in range(FREE_FAILURES):
        assert change(nurse, "not this one at all", NEW) == 422
    answer = nurse.post("/account/password", current_password=PASSWORD, new_password=NEW, repeated=NEW)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert nurse.client.get("/today").status_code == 200, "the session itself goes on"


def test_two_changes_at_once_are_one(app: Flask, sign_in: SignIn, clinic: Clinic) -> None:
    nurse = sign_in(clinic, "nurse")
    elsewhere = again(app, nurse, clinic)

    def ask(pair: tuple[Browser, str]) -> str | None:
        browser, new = pair
        answer = browser.post("/account/password", current_password=PASSWORD, new_password=new, repeated=new)
        return answer.location

    with ThreadPoolExecutor(2) as threads:
        led_to = list(threads.map(ask, ((nurse, f"{NEW} một"), (elsewhere, f"{NEW} hai"))))
    # Whoever comes second gives a wrong password by then, or is signed out already.
    assert led_to.count("/account/sessions") == 1


def test_one_sees_ones_own_sessions_and_ends_one(app: Flask, sign_in: SignIn, clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other_clinic = clinics
    nurse, colleague, stranger = sign_in(clinic, "nurse"), sign_in(clinic, "doctor"), sign_in(other_clinic, "nurse")
    elsewhere = again(app, nurse, clinic)
    with count_statements() as counted:
        page = nurse.get("/account/sessions")
    assert counted.total <= 12
    ends = re.findall(r"/account/sessions/[0-9a-f-]{36}/end", page)
    assert len(ends) == 1, "all of one's own but this one, and nobody else's"
    assert [each.post(ends[0]).status_code for each in (colleague, stranger)] == [404, 404]
    assert nurse.post(ends[0]).status_code == 303
    assert [each.client.get("/today").status_code for each in (elsewhere, nurse)] == [303, 200]
    assert nurse.post(ends[0]).status_code == 404, "it has ended"
    assert actions(clinic, nurse) == ["auth.session_end"]


def test_signing_out_everywhere_is_everywhere(app: Flask, sign_in: SignIn, clinic: Clinic) -> None:
    nurse, colleague = sign_in(clinic, "nurse"), sign_in(clinic, "doctor")
    elsewhere = again(app, nurse, clinic)
    assert nurse.post("/account/sessions/end-all").location == "/sign-in"
    assert [each.client.get("/today").status_code for each in (nurse, elsewhere, colleague)] == [303, 303, 200]


@pytest.mark.parametrize(
    ("sent", "back"),
    [
        ({"path": "/patients?x=1"}, "/patients?x%3D1"),
        (
            {"path": "/today", "headers": {"HX-Request": "true", "HX-Current-URL": "http://localhost/patients"}},
            "/patients",
        ),
        ({"path": "/today", "headers": {"HX-Request": "true", "HX-Current-URL": "http://evil.example/patients"}}, None),
    ],
)
def test_who_sat_idle_is_told_so_and_comes_back(
    sign_in: SignIn, clinic: Clinic, sent: dict[str, object], back: str | None
) -> None:
    nurse = sign_in(clinic, "nurse")
    with clinic.hospital.superuser() as connection:
        connection.execute(
            "UPDATE staff_sessions SET last_seen_at = now() - interval '31 minutes' WHERE account_id = %s",
            (nurse.user_id,),
        )
    answer = nurse.client.get(**sent)
    address = answer.headers.get("HX-Redirect") or answer.headers["Location"]
    assert address == (f"/sign-in?next={back}" if back else "/sign-in")
    page = nurse.get(address)
    assert "Phiên làm việc đã kết thúc" in page
    assert "Phiên làm việc đã kết thúc" not in nurse.get(address), "said once"


def test_the_api_does_the_same(app: Flask, sign_in: SignIn, clinic: Clinic) -> None:
    nurse = sign_in(clinic, "nurse")
    with clinic.uow() as uow:
        username = uow.session.execute(
            text("SELECT username FROM users WHERE id = :id"), {"id": nurse.user_id}
        ).scalar_one()
    client = app.test_client()
    login = {"tenant": clinic.hospital.tenant_code, "username": username, "password": PASSWORD}
    token = client.post("/api/v1/auth/login", json=login).get_json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    first = client.get("/api/v1/auth/sessions?limit=1", headers=bearer).get_json()
    second = client.get(f"/api/v1/auth/sessions?limit=1&cursor={first['next_cursor']}", headers=bearer).get_json()
    assert [first["items"][0]["current"], second["items"][0]["current"], second["next_cursor"]] == [True, False, None]
    assert client.get("/api/v1/auth/sessions?cursor=!", headers=bearer).status_code == 422
    gone = f"/api/v1/auth/sessions/{second['items'][0]['id']}"
    assert [client.delete(gone, headers=bearer).status_code for _ in range(2)] == [204, 404]
    wrong = client.post("/api/v1/auth/password", json={"current_password": "nope", "new_password": NEW}, headers=bearer)
    assert wrong.status_code == 422
    assert list(wrong.get_json()["errors"]) == ["current_password"]
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert client.post("/api/v1/auth/password", json=body, headers=bearer).status_code == 204
    assert client.post("/api/v1/auth/sessions/end-all", headers=bearer).status_code == 204
    assert client.get("/api/v1/auth/sessions", headers=bearer).status_code == 401
    assert client.post("/api/v1/auth/login", json=login).status_code == 401


def test_how_long_sessions_live_is_a_setting_and_is_shown(settings: Settings, sign_in: SignIn, clinic: Clinic) -> None:
    rules = session_rules(replace(settings, session_idle_minutes=5, session_hours=2))
    assert (rules.idle.total_seconds(), rules.absolute.total_seconds()) == (300, 7200)
    with pytest.raises(SokhamError, match="SOKHAM_SESSION_IDLE_MINUTES"):
        session_rules(replace(settings, session_idle_minutes=0))
    page = sign_in(clinic, "nurse").get("/account/sessions")
    assert "30 phút" in page
    assert "12 giờ" in page
