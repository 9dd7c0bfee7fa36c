"""The second factor of staff in tests: set up by the pages, asked for at signing in, with a browser and a program."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import text

from tenant_app.staff.models import User
from tests.support.clinic import Clinic
from tests.support.second_factor import Phone, codes_of_page, phone_of_page
from tests.support.staff_browser import PASSWORD, Browser

SignIn = Callable[[Clinic, str], Browser]
AT = "/account/second-factor"


def enrol(browser: Browser) -> tuple[Phone, list[str]]:
    """Set the factor up by the pages."""
    answer = browser.post(AT, action="enrol", password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, f"{AT}/enrol"), answer.text
    phone = phone_of_page(browser.get(f"{AT}/enrol"))
    done = browser.post(f"{AT}/enrol", otp=phone.code())
    assert done.status_code == 200, done.text
    assert "Set-Cookie" not in str(done.headers) or phone.secret not in str(done.headers)
    return phone, codes_of_page(done.text)


def username(clinic: Clinic, browser: Browser) -> str:
    """With what somebody signs in."""
    with clinic.uow() as uow:
        return uow.session.get_one(User, browser.user_id).username


def first_step(app: Flask, clinic: Clinic, browser: Browser, **more: str) -> Browser:
    """Name and password in another browser."""
    other = Browser(app.test_client(), browser.user_id)
    answer = other.post(
        "/sign-in", hospital=clinic.hospital.tenant_code, username=username(clinic, browser), password=PASSWORD, **more
    )
    assert answer.status_code == 303, answer.text
    assert answer.location.startswith("/sign-in/code")
    assert "sokham_staff_session" not in str(answer.headers), "nothing is given before the code"
    assert other.client.get("/today").status_code == 303
    return other


def login(app: Flask, clinic: Clinic, browser: Browser, **more: Any) -> Any:
    """Signing in with a program."""
    body = {"tenant": clinic.hospital.tenant_code, "username": username(clinic, browser), "password": PASSWORD, **more}
    return app.test_client().post("/api/v1/auth/login", json=body, headers={"Accept-Language": "en"})


def caller(app: Flask, tokens: dict[str, Any]) -> Callable[..., Any]:
    """The API with somebody's token."""

    def call(method: str, path: str, json: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {tokens['access_token']}", "Accept-Language": "en"}
        return app.test_client().open(f"/api/v1{path}", method=method, json=json, headers=headers)

    return call


def actions(clinic: Clinic, browser: Browser) -> list[str]:
    """What the audit log says that somebody did with the own factor."""
    with clinic.uow() as uow:
        rows = uow.session.execute(
            text(
                "SELECT action FROM audit_logs WHERE user_id = :id AND action LIKE 'auth.mfa%' ORDER BY created_at, id"
            ),
            {"id": browser.user_id},
        )
        return list(rows.scalars())
