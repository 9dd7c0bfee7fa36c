"""Somebody with an authenticator app: codes that are each good once, whenever the test runs."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from psycopg import sql
from werkzeug.test import TestResponse

from central.auth import totp
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital

_TYPED = re.compile(r'<code id="typed-secret"[^>]*>([A-Z2-7 ]+)</code>')
_CODE = re.compile(r"<li>([0-9A-Z]{5}-[0-9A-Z]{5})</li>")


@dataclass
class Phone:
    """The app, with the secret that it took up."""

    secret: str
    used: set[int] = field(default_factory=set)

    def code(self) -> str:
        """A code that counts now and was not shown before.

        The present step and the one after it hold however slow the machine is, so two in a row are to be had without
        waiting; `forget` makes place for others.
        """
        present = totp.step_at(datetime.now(UTC))
        step = next(step for step in (present, present + 1) if step > max(self.used, default=0))
        self.used.add(step)
        return totp.code_at(self.secret, step)

    def forget(self, hospital: Hospital | CentralDatabase, table: str = "users") -> "Phone":
        """As if a while had passed: codes that were used are good again."""
        with hospital.superuser() as connection:
            connection.execute(sql.SQL("UPDATE {} SET mfa_last_step = NULL").format(sql.Identifier(table)))
        self.used.clear()
        return self

    def wrong(self) -> str:
        """Six digits that are none of those."""
        present = totp.step_at(datetime.now(UTC))
        good = {totp.code_at(self.secret, step) for step in range(present - 3, present + 4)}
        return next(text for text in (f"{number:06d}" for number in range(1000)) if text not in good)


def phone_of_page(page: str) -> Phone:
    """The app takes up what the enrolment's page shows."""
    found = _TYPED.search(page)
    assert found is not None, page[:3000]
    return Phone(found[1].replace(" ", ""))


def codes_of_page(page: str) -> list[str]:
    """The recovery codes that a page shows."""
    return _CODE.findall(page)


def enrol_by_api(call: Any, password: str) -> tuple[Phone, list[str]]:
    """Set the factor up with a program: `call(method, path, json)` answers with a response of status 200."""
    begun: TestResponse = call("POST", "/auth/totp/enrol", {"password": password})
    assert begun.status_code == 200, begun.text
    body = begun.get_json()
    phone = Phone(body["secret"])
    assert body["secret"] in body["otpauth_uri"]
    done: TestResponse = call("POST", "/auth/totp/confirm", {"otp": phone.code()})
    assert done.status_code == 200, done.text
    return phone, done.get_json()["recovery_codes"]
