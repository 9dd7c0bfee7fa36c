"""A browser without JavaScript on the staff portal's pages."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from manage.demo.people import Person
from tests.support.chromium import Looker
from tests.support.clinic import Clinic

PASSWORD = "mot cau de nho ma kho doan"
# Holds what the tokens of its pages belong to.
_FORM_COOKIE = "sokham_staff_form"
_TOKEN = re.compile(r'<meta name="csrf-token" content="([^"]+)"')


@dataclass
class Browser:
    """Somebody's browser without JavaScript: it keeps cookies, and sends what the form on the page holds."""

    client: FlaskClient
    user_id: UUID | None = None
    # The cookie's value, and a token that belongs to it.
    _known: tuple[str, str] = ("", "")

    def get(self, path: str, **query: Any) -> str:
        """A page that must be there."""
        response = self.client.get(path, query_string=query or None)
        assert response.status_code == 200, f"{response.status_code}: {response.text[:2000]}"
        return response.text

    def post(self, path: str, **fields: Any) -> TestResponse:
        """A form sent, with the token that the portal's pages carry."""
        return self.client.post(path, data={"csrf_token": self.token(), **fields})

    def part(self, path: str, **fields: Any) -> TestResponse:
        """The same as htmx sends it."""
        data = {"csrf_token": self.token(), **fields}
        return self.client.post(path, data=data, headers={"HX-Request": "true"})

    def token(self) -> str:
        """The CSRF token, as each page has it: read anew when the browser has another cookie for it."""
        if self._form_cookie() != self._known[0] or not self._known[1]:
            found = _TOKEN.search(self.client.get("/invite").text)
            assert found is not None
            self._known = (self._form_cookie(), found[1])
        return self._known[1]

    def _form_cookie(self) -> str:
        held = self.client.get_cookie(_FORM_COOKIE)
        return held.value if held is not None else ""


class _Fields(HTMLParser):
    """What a browser would send of a page's forms: values of fields, texts, chosen options."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._text: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An opening tag."""
        given = dict(attrs)
        name, kind = given.get("name") or "", given.get("type")
        if tag == "textarea":
            self._text = name
            self.found[name] = ""
        elif tag == "select":
            self._select = name
            self.found.setdefault(name, "")
        elif tag == "option" and self._select and "selected" in given:
            self.found[self._select] = given.get("value") or ""
        elif tag == "input" and name and (kind not in {"radio", "checkbox"} or "checked" in given):
            self.found[name] = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        """A closing tag."""
        if tag == "textarea":
            self._text = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        """Text between tags."""
        if self._text:
            self.found[self._text] += data


def sent_as_shown(html: str) -> dict[str, str]:
    """The fields of a page as a browser sends them when nobody touches any; without the CSRF token."""
    fields = _Fields()
    fields.feed(html)
    return {
        name: value for name, value in fields.found.items() if name not in {"csrf_token", "language", "theme", "next"}
    }


def form_of(somebody: Person, **other: str) -> dict[str, str]:
    """The form as somebody at the desk fills it in."""
    return {
        "step": "save",
        "full_name": somebody.full_name,
        "date_of_birth": somebody.date_of_birth.strftime("%d/%m/%Y"),
        "gender": somebody.gender,
        "cccd": " ".join(re.findall("...", somebody.cccd)),
        "phone": somebody.phone,
        **other,
    }


def fill_sign_in(eyes: Looker, clinic: Clinic, username: str = "quantri") -> None:
    """Send the form of the sign-in page."""
    eyes.go("/sign-in")
    eyes.page.fill("#hospital", clinic.hospital.tenant_code)
    eyes.page.fill("#username", username)
    eyes.page.fill("#password", PASSWORD)
    eyes.page.locator("main form button[type=submit]").last.click()


def let_in(eyes: Looker, clinic: Clinic, username: str = "quantri") -> None:
    """Sign in by the form."""
    fill_sign_in(eyes, clinic, username)
    eyes.page.wait_for_url("**/today")
