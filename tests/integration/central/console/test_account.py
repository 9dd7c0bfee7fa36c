"""One's own account in the console: the password, and where one is signed in."""

import re

from tests.support.console import PASSWORD, ConsoleUnderTest

NEW = "vịt bơi ngược dòng sông"


def test_an_administrator_changes_the_own_password(console: ConsoleUnderTest) -> None:
    browser, elsewhere, colleague = (
        console.browser("support"),
        console.browser("support"),
        console.browser("technician"),
    )
    wrong = {"current_password": "not this one at all", "new_password": NEW, "repeated": NEW}
    assert 'id="current_password-error"' in browser.post("/account/password", status=422, **wrong).text
    again = {"current_password": PASSWORD, "new_password": PASSWORD, "repeated": PASSWORD}
    assert 'id="new_password-error"' in browser.post("/account/password", status=422, **again).text
    browser.post("/account/password", current_password=PASSWORD, new_password=NEW, repeated=NEW)
    assert "/account/password" in browser.get("/overview"), "the account sheet leads there"
    assert [each.client.get("/overview").status_code for each in (elsewhere, colleague)] == [303, 200]
    console.browser().post("/sign-in", username="support", password=PASSWORD, status=401)
    console.browser().post("/sign-in", username="support", password=NEW)
    with console.central.superuser() as connection:
        noted = connection.execute(
            "SELECT action FROM admin_audit_logs WHERE action LIKE 'auth.%' ORDER BY created_at, id"
        ).fetchall()
        events = connection.execute(
            "SELECT count(*) FROM security_audit_logs WHERE security_event IN ('password_change', 'password_refused')"
        ).fetchone()
    assert [row[0] for row in noted] == ["auth.password_refused", "auth.password_change"]
    assert events == (2,)


def test_an_administrator_sees_and_ends_the_own_sessions(console: ConsoleUnderTest) -> None:
    browser, elsewhere, colleague = (
        console.browser("support"),
        console.browser("support"),
        console.browser("technician"),
    )
    ends = re.findall(r"/account/sessions/[0-9a-f-]{36}/end", browser.get("/account/sessions"))
    assert len(ends) == 1
    colleague.post(ends[0], status=404)
    browser.post(ends[0])
    assert elsewhere.client.get("/overview").status_code == 303
    browser.post("/account/sessions/end-all")
    assert [each.client.get("/overview").status_code for each in (browser, colleague)] == [303, 200]


def test_a_program_does_the_same(console: ConsoleUnderTest) -> None:
    call = console.caller("support")
    listed = call("GET", "/auth/sessions").get_json()
    assert [each["current"] for each in listed["items"]] == [True]
    call("POST", "/auth/password", {"current_password": PASSWORD, "new_password": "ngắn"}, expect=422)
    call("POST", "/auth/password", {"current_password": PASSWORD, "new_password": NEW}, expect=204)
    call("POST", "/auth/sessions/end-all", expect=204)
    call("GET", "/auth/sessions", expect=401)
