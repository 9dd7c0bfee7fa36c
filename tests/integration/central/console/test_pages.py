"""The console's pages as people meet them, in both languages, by role, and without JavaScript."""

import re
from typing import Any
from uuid import uuid4

import pytest
from psycopg.types.json import Jsonb

from kernel.ids import new_row_id
from tests.support.console import PASSWORD, STAFF_URL, ConsoleUnderTest
from tests.support.hospitals import Hospital
from tests.support.waiting import wait_until

TWO = tuple[Hospital, Hospital]
SECRET = re.compile(r'class="sk-secret-value"[^>]*>([^<]+)<')
NEW: dict[str, Any] = {
    "tenant_code": "bv-moi",
    "name": "Bệnh viện Mới",
    "admin__full_name": "Nguyễn Thị Quản Trị",
    "admin__username": "quantri",
    "admin__email": "quantri@moi.example",
}


def pages(hospital: Hospital) -> dict[str, str]:
    """Path → the permission that it needs."""
    return {
        "/overview": "tenant.read",
        "/hospitals": "tenant.read",
        f"/hospitals/{hospital.tenant}": "tenant.read",
        "/hospitals/new": "tenant.create",
        f"/hospitals/{hospital.tenant}/edit": "tenant.update",
        f"/hospitals/{hospital.tenant}/suspend": "tenant.suspend",
        f"/hospitals/{hospital.tenant}/admin-invite": "tenant.create",
        "/sync": "sync.read",
        f"/sync/{hospital.tenant}": "sync.read",
        "/sync/dead-letters": "sync.read",
        "/patient-lookup": "patient_index.lookup",
        "/administrators": "administrator.read",
        "/administrators/new": "administrator.invite",
        "/security-events": "security.read",
        "/audit-log": "audit.read",
        f"/audit-log?tenant={hospital.tenant}": "audit.read",
    }


@pytest.mark.parametrize("role", ["super_admin", "technician", "support"])
def test_each_page_shows_to_those_who_may_and_to_nobody_else(
    console: ConsoleUnderTest, two_hospitals: TWO, role: str
) -> None:
    browser = console.browser(role)
    allowed = {
        "super_admin": None,
        "technician": {"tenant.read", "tenant.update", "sync.read", "security.read"},
        "support": {"tenant.read", "sync.read", "patient_index.lookup"},
    }[role]
    for path, permission in pages(two_hospitals[0]).items():
        for language in ("vi", "en"):
            browser.client.set_cookie("lang", language)
            browser.get(path, status=200 if allowed is None or permission in allowed else 403)


def test_the_navigation_holds_what_one_may(console: ConsoleUnderTest) -> None:
    console.administrator("support")
    everything, support = console.browser("super_admin").get("/overview"), console.browser("support").get("/overview")
    for path in ("/administrators", "/security-events", "/audit-log"):
        assert f'href="{path}"' in everything
        assert f'href="{path}"' not in support


@pytest.mark.parametrize("path", ["/", "/overview", "/hospitals", "/patient-lookup", "/audit-log"])
def test_who_is_not_signed_in_is_led_there(console: ConsoleUnderTest, path: str) -> None:
    answer = console.browser().client.get(path)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in")


def test_signing_in_leads_on_and_out_again(console: ConsoleUnderTest) -> None:
    console.administrator("support")
    browser = console.browser()
    wrong = browser.post("/sign-in", username="support", password="wrong", status=401)
    assert "wrong" not in wrong.text
    assert "Thông tin không khớp" in wrong.text
    empty = browser.post("/sign-in", status=422)
    assert 'id="username-error"' in empty.text
    on = browser.post("/sign-in", username="support", password=PASSWORD, next="/hospitals?q=a")
    assert on.headers["Location"] == "/hospitals?q=a"
    elsewhere = console.browser().post("/sign-in", username="support", password=PASSWORD, next="//evil.example")
    assert elsewhere.headers["Location"] == "/"
    assert browser.client.get("/").headers["Location"] == "/overview"
    browser.post("/sign-out")
    assert browser.client.get("/overview").headers["Location"].startswith("/sign-in")


def test_an_invited_administrator_comes_in_once(console: ConsoleUnderTest) -> None:
    browser = console.browser("super_admin")
    values: dict[str, Any] = {
        "username": "moi",
        "email": "moi@platform.example",
        "full_name": "Đỗ Văn Mới",
        "role": "support",
    }
    bad = browser.post("/administrators/new", status=422, **{**values, "email": "no", "role": ""})
    assert 'id="email-error"' in bad.text
    assert 'id="role-error"' in bad.text
    shown = browser.post("/administrators/new", status=200, **values)
    link, token = SECRET.findall(shown.text)
    assert link == f"http://localhost/invite#{token}"
    assert browser.post("/administrators/new", status=409, **values).text.count("sk-secret-value") == 0
    visitor = console.browser()
    assert "data-from-fragment" in visitor.get("/invite")
    short = visitor.post("/invite", token=token, password="short", status=422)
    assert 'id="password-error"' in short.text
    visitor.post("/invite", token=token, password="mot cau khac cung dai")
    assert visitor.client.get("/").headers["Location"] == "/overview"
    console.browser().post("/invite", token=token, password="mot cau khac cung dai", status=401)


def test_a_lost_invite_is_replaced(console: ConsoleUnderTest) -> None:
    browser = console.browser("super_admin")
    values: dict[str, Any] = {
        "username": "moi",
        "email": "moi@platform.example",
        "full_name": "Đỗ Văn Mới",
        "role": "support",
    }
    _, first = SECRET.findall(browser.post("/administrators/new", status=200, **values).text)
    with console.central.superuser() as connection:
        row = connection.execute("SELECT id FROM users WHERE username = 'moi'").fetchone()
    assert row is not None
    _, second = SECRET.findall(browser.post(f"/administrators/{row[0]}/invite", status=200).text)
    console.browser().post("/invite", token=first, password="mot cau khac cung dai", status=401)
    console.browser().post("/invite", token=second, password="mot cau khac cung dai")
    browser.post(f"/administrators/{row[0]}/invite", status=409)
    browser.post(f"/administrators/{uuid4()}/invite", status=404)


def test_a_hospital_is_created_watched_and_its_invite_seen_once(console: ConsoleUnderTest) -> None:
    browser = console.browser("super_admin")
    path = browser.post("/hospitals/new", **NEW).headers["Location"]
    wait_until(lambda: f"{path}/invite" in browser.get(path), seconds=60, what="the invite")
    assert "hx-get" not in browser.get(path, HX_Request="true").split("sk-steps")[0].split('id="operation"')[1]
    shown = browser.post(f"{path}/invite", status=200)
    link, token = SECRET.findall(shown.text)
    assert token.startswith("bv-moi.")
    assert link == f"{STAFF_URL}/invite#{token}"
    assert shown.headers["Cache-Control"] == "no-store"
    assert token not in browser.post(f"{path}/invite", status=410).text
    with console.central.superuser() as connection:
        actions = connection.execute("SELECT action FROM admin_audit_logs ORDER BY created_at").fetchall()
    assert [row[0] for row in actions] == ["tenant.create", "tenant.invite_shown"]


def test_a_running_operation_asks_again_by_itself(console: ConsoleUnderTest, two_hospitals: TWO) -> None:
    browser = console.browser("super_admin")
    operation = new_row_id()
    steps = [{"name": "roles", "state": "done"}, {"name": "database", "state": "pending"}]
    with console.central.superuser() as connection:
        connection.execute(
            "INSERT INTO operations (id, tenant_id, kind, steps, lease_until)"
            " VALUES (%s, %s, 'provision', %s, now() + interval '1 h')",
            (operation, two_hospitals[0].tenant, Jsonb(steps)),
        )
    page = browser.get(f"/operations/{operation}")
    assert 'hx-trigger="every 1s"' in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert 'aria-current="step"' in page
    assert "<html" not in browser.get(f"/operations/{operation}", HX_Request="true")


def test_a_form_comes_back_with_what_was_typed_and_what_is_wrong(console: ConsoleUnderTest, two_hospitals: TWO) -> None:
    browser = console.browser("super_admin")
    page = browser.post("/hospitals/new", status=422, **{**NEW, "tenant_code": "Bệnh viện", "admin__email": "no"}).text
    assert 'id="tenant_code-error"' in page
    assert 'id="admin.email-error"' in page
    assert 'value="Bệnh viện Mới"' in page
    taken = browser.post("/hospitals/new", status=409, **{**NEW, "tenant_code": two_hospitals[0].tenant_code}).text
    assert 'id="tenant_code-error"' in taken


def test_a_form_without_its_token_is_refused(console: ConsoleUnderTest) -> None:
    browser = console.browser("super_admin")
    assert browser.client.post("/hospitals/new", data=NEW).status_code == 400


def test_a_hospital_is_changed_unless_somebody_else_did(console: ConsoleUnderTest, two_hospitals: TWO) -> None:
    browser = console.browser("super_admin")
    first, second = (f"/hospitals/{hospital.tenant}" for hospital in two_hospitals)
    found = re.search(r'name="version" value="(\d+)"', browser.get(f"{first}/edit"))
    assert found is not None
    values: dict[str, Any] = {
        "name": "Tên mới",
        "domain": "moi.example.vn",
        "subscription_plan": "premium",
        "max_users": "5",
        "max_storage_gb": "10",
    }
    browser.post(f"{first}/edit", version=found[1], **values)
    assert "moi.example.vn" in browser.get(first)
    late = browser.post(f"{first}/edit", version=found[1], status=412, **{**values, "name": "Tên khác"}).text
    assert 'value="Tên khác"' in late
    again = re.search(r'name="version" value="(\d+)"', late)
    assert again is not None
    browser.post(f"{first}/edit", version=again[1], **{**values, "name": "Tên khác", "domain": ""})
    browser.post(f"{first}/edit", version="99", status=422, **{**values, "name": "", "max_users": "nhiều"})
    version = re.search(r'name="version" value="(\d+)"', browser.get(f"{second}/edit"))
    assert version is not None
    browser.post(f"{second}/edit", version=version[1], **values)
    newest = re.search(r'name="version" value="(\d+)"', browser.get(f"{first}/edit"))
    assert newest is not None
    taken = browser.post(f"{first}/edit", version=newest[1], status=409, **values).text
    assert 'id="domain-error"' in taken


def test_a_suspension_needs_the_code_and_a_reason(console: ConsoleUnderTest, two_hospitals: TWO) -> None:
    browser = console.browser("super_admin")
    hospital = two_hospitals[0]
    path = f"/hospitals/{hospital.tenant}"
    wrong = browser.post(f"{path}/suspend", code="khac", reason="", status=422).text
    assert 'id="code-error"' in wrong
    assert 'id="reason-error"' in wrong
    browser.post(f"{path}/suspend", code=hospital.tenant_code, reason="Theo yêu cầu của bệnh viện")
    assert "Theo yêu cầu của bệnh viện" in browser.get(path)
    assert f"{path}/resume" in browser.get(path)
    browser.post(f"{path}/resume")
    assert f"{path}/resume" not in browser.get(path)
    assert console.announcements.told == [hospital.tenant] * 2


def test_a_lost_first_invite_is_replaced_and_seen_once(console: ConsoleUnderTest, two_hospitals: TWO) -> None:
    browser = console.browser("super_admin")
    hospital = two_hospitals[0]
    path = f"/hospitals/{hospital.tenant}"
    assert f"{path}/admin-invite" in browser.get(path)
    assert f"{path}/admin-invite" not in console.browser("technician").get(path)
    assert 'id="reason-error"' in browser.post(f"{path}/admin-invite", reason=" ", status=422).text
    shown = browser.post(f"{path}/admin-invite", reason="Thư mời thất lạc", status=200)
    link, token = SECRET.findall(shown.text)
    assert token.startswith(f"{hospital.tenant_code}.")
    assert link == f"{STAFF_URL}/invite#{token}"
    assert shown.headers["Cache-Control"] == "no-store"
    page = browser.get(path)
    assert "Thư mời thất lạc" in page
    assert token not in page
    with hospital.superuser() as connection:
        connection.execute("UPDATE users SET status = 'active'")
    refused = browser.post(f"{path}/admin-invite", reason="Lần nữa", status=409).text
    assert "đã có quản trị viên nhận lời mời" in refused
    assert not SECRET.findall(refused)
    # One that is out of service has no way to ask.
    browser.post(f"{path}/suspend", code=hospital.tenant_code, reason="Thử")
    assert f"{path}/admin-invite" not in browser.get(path)
    browser.post(f"{path}/admin-invite", reason="Thử", status=409)


def test_new_credentials_lead_to_their_operation(console: ConsoleUnderTest, two_hospitals: TWO) -> None:
    browser = console.browser("technician")
    path = f"/hospitals/{two_hospitals[0].tenant}"
    before = two_hospitals[0].parameters("app")["user"]
    on = browser.post(f"{path}/rotate-credentials").headers["Location"]
    assert "sk-step-running" in browser.get(on)
    page = browser.get(path)
    assert two_hospitals[0].parameters("app")["user"] in page
    assert before != two_hospitals[0].parameters("app")["user"]
    assert two_hospitals[0].parameters("app")["password"] not in page


def test_support_sees_no_connections_and_no_trail(console: ConsoleUnderTest, two_hospitals: TWO) -> None:
    page = console.browser("support").get(f"/hospitals/{two_hospitals[0].tenant}")
    assert two_hospitals[0].database_name not in page
    assert "rotate-credentials" not in page
    assert "/suspend" not in page
    assert "/audit-log" not in page


def test_hospitals_are_found_without_diacritics_and_part_by_part(console: ConsoleUnderTest, two_hospitals: TWO) -> None:
    browser = console.browser("support")
    assert "Sông Tiền" in browser.get("/hospitals?q=song+tien")
    part = browser.get("/hospitals?q=song+tien", HX_Request="true")
    assert "<html" not in part
    assert "Hồng Hà" not in part
    assert "sk-empty" in browser.get("/hospitals?q=zzz")
    assert "sk-empty" in browser.get("/hospitals?status=suspended")


def test_what_does_not_exist_has_a_page_that_says_so(console: ConsoleUnderTest) -> None:
    browser = console.browser("super_admin")
    of_hospitals = ("", "/edit", "/suspend", "/admin-invite")
    for path in (*(f"/hospitals/{{}}{each}" for each in of_hospitals), "/sync/{}", "/operations/{}"):
        browser.get(path.format(uuid4()), status=404)
    browser.get(f"/audit-log?tenant={uuid4()}", status=404)
    browser.get("/audit-log?tenant=x", status=404)
    for path in ("/hospitals", "/audit-log", "/security-events", "/administrators", "/sync/dead-letters"):
        browser.get(f"{path}?cursor=zzz", status=422)
