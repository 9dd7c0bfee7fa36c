"""The second factor of administrators: the same pages and calls as staff's, the setting that demands it, the reset."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from central.auth.factor_errors import parse_reset_reason
from kernel.errors import InvalidFields
from kernel.settings import InvalidSettings, Settings
from keys.public import Keychain, LocalKeyring
from tests.support.console import PASSWORD, Caller, ConsoleUnderTest, console_under_test
from tests.support.databases import CentralDatabase
from tests.support.hospitals import HospitalMaker
from tests.support.second_factor import Phone, codes_of_page, phone_of_page

AT = "/account/second-factor"


def enrolled(console: ConsoleUnderTest, role: str) -> tuple[Phone, list[str]]:
    """An administrator with a factor, set up by the pages."""
    browser = console.browser(role)
    browser.post(AT, action="enrol", password=PASSWORD)
    phone = phone_of_page(browser.get(f"{AT}/enrol"))
    return phone, codes_of_page(browser.post(f"{AT}/enrol", otp=phone.code(), status=200).text)


def events(console: ConsoleUnderTest) -> list[str]:
    """Security events about the factor, in order."""
    with console.central.superuser() as connection:
        found = connection.execute(
            "SELECT security_event FROM security_audit_logs WHERE security_event LIKE 'mfa%' ORDER BY created_at, id"
        ).fetchall()
    return [row[0] for row in found]


def login(console: ConsoleUnderTest, **more: str) -> tuple[int, str]:
    """Signing in with a program: the status, and the code of the refusal."""
    body = {"username": "support", "password": PASSWORD, **more}
    answer = console.app.test_client().post("/api/v1/auth/login", json=body)
    return answer.status_code, (answer.get_json() or {}).get("code", "")


def test_an_administrator_signs_in_with_a_code(console: ConsoleUnderTest) -> None:
    phone, codes = enrolled(console, "support")
    assert len(codes) == 10
    with console.central.superuser() as connection:
        found = connection.execute("SELECT mfa_secret FROM users WHERE username = 'support'").fetchone()
    assert found is not None
    assert found[0].startswith("s1.")
    assert phone.secret not in found[0]
    browser = console.browser()
    browser.post("/sign-in", username="support", password=PASSWORD, status=303)
    assert browser.client.get("/overview").status_code == 303, "nothing is open before the code"
    browser.post("/sign-in/code", otp=phone.wrong(), status=401)
    code = phone.code()
    browser.post("/sign-in/code", otp=code, status=303)
    assert browser.client.get("/overview").status_code == 200
    assert login(console) == (401, "otp_required")
    assert login(console, otp=code) == (401, "otp_refused"), "used already"
    assert login(console, otp=codes[9]) == (200, "")
    assert events(console) == ["mfa_enrol", "mfa_enable", "mfa_refused", "mfa_refused"]


def test_another_hand_takes_a_lost_factor_away(console: ConsoleUnderTest) -> None:
    enrolled(console, "support")
    admin, technician = console.browser("super_admin"), console.browser("technician")
    with console.central.superuser() as connection:
        row = connection.execute("SELECT id FROM users WHERE username = 'support'").fetchone()
        own = connection.execute("SELECT id FROM users WHERE username = 'super_admin'").fetchone()
    assert row is not None
    assert own is not None
    at = f"/administrators/{row[0]}/second-factor"
    assert at in admin.get("/administrators")
    technician.post(at, reason="Mất điện thoại", status=403)
    admin.post(at, reason="", status=422)
    admin.post(f"/administrators/{own[0]}/second-factor", reason="Của chính mình", status=409)
    admin.get(at)
    admin.post(at, reason="Mất điện thoại, đã gọi lại")
    admin.post(at, reason="Mất điện thoại, đã gọi lại", status=409)
    assert login(console) == (200, "")
    assert events(console)[-1] == "mfa_reset"
    with console.central.superuser() as connection:
        noted = connection.execute(
            "SELECT reason, new_values FROM admin_audit_logs WHERE action = 'administrator.reset_mfa'"
        ).fetchone()
    assert noted == ("Mất điện thoại, đã gọi lại", {"changed": ["mfa_enabled"]})


@pytest.fixture
def demanding(
    central: CentralDatabase, keys: LocalKeyring, keychain: Keychain, hospitals: HospitalMaker, redis_url: str
) -> Iterator[ConsoleUnderTest]:
    """The console as it is in production."""
    made = console_under_test(
        central=central,
        keys=keys,
        keychain=keychain,
        provisioner=hospitals.provisioner(),
        redis_url=redis_url,
        admin_mfa="required",
    )
    yield made
    made.runner.close()


def test_a_super_administrator_without_one_can_only_set_it_up(demanding: ConsoleUnderTest) -> None:
    console = demanding
    admin, technician = console.browser("super_admin"), console.browser("technician")
    assert technician.client.get("/overview").status_code == 200
    led = admin.client.get("/overview")
    assert (led.status_code, led.location) == (303, AT)
    call: Caller = console.caller("super_admin")
    assert call("GET", "/tenants", expect=403).get_json()["code"] == "second_factor_missing"
    admin.post(AT, action="enrol", password=PASSWORD)
    phone = phone_of_page(admin.get(f"{AT}/enrol"))
    admin.post(f"{AT}/enrol", otp=phone.code(), status=200)
    assert admin.client.get("/overview").status_code == 200
    admin.post(AT, action="off", password=PASSWORD, otp=phone.code(), status=409)


def test_it_is_demanded_in_production_unless_the_setting_says_otherwise() -> None:
    laptop = Settings()
    assert [
        replace(laptop, environment=environment, admin_mfa=said).admin_mfa_required
        for environment in ("development", "production")
        for said in ("", "required", "optional")
    ] == [False, True, False, True, True, False]
    with pytest.raises(InvalidSettings):
        _ = replace(laptop, admin_mfa="perhaps").admin_mfa_required


def test_a_reason_is_a_few_words() -> None:
    assert parse_reset_reason("  Mất   điện thoại ") == "Mất điện thoại"
    for text in ("", "vì", "x" * 501):
        with pytest.raises(InvalidFields):
            parse_reset_reason(text)
