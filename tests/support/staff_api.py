"""Programs that call the hospital's API.

Signing in has its own tests; here a gatekeeper stands in that opens the transaction of whoever the header names, with
the permissions of their role, on the real database under the real role.
"""

from dataclasses import dataclass
from typing import Any

from flask import request
from flask.testing import FlaskClient

from kernel.errors import Unauthenticated
from kernel.web.access import Access
from kernel.web.actor import Actor
from kernel.web.collaborators import hold_unit_of_work
from manage.demo.people import Person
from tenant_app.reach.rows import limit
from tenant_app.reach.rules import Reach
from tests.support.clinic import Clinic


@dataclass
class NamedGatekeeper:
    """Admits whom the header names."""

    people: dict[str, tuple[Clinic, Actor]]

    def admit(self, access: Access) -> Actor:
        del access
        found = self.people.get(request.headers.get("X-Test-Actor", ""))
        if found is None:
            raise Unauthenticated
        clinic, actor = found
        uow = hold_unit_of_work(clinic.uow())
        if actor.departments is not None:
            limit(uow, Reach(user_id=actor.id, departments=actor.departments))
        return actor


class Caller:
    """Somebody who calls the API."""

    def __init__(self, client: FlaskClient, name: str) -> None:
        self._client = client
        self._name = name

    def __call__(self, method: str, path: str, json: Any = None, **headers: str) -> Any:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.open(
            f"/api/v1{path}", method=method, json=json, headers={"X-Test-Actor": self._name, **names}
        )


def registration_body(who: Person) -> dict[str, Any]:
    return {
        "full_name": who.full_name,
        "cccd": who.cccd,
        "date_of_birth": who.date_of_birth.isoformat(),
        "gender": who.gender,
        "phone": who.phone,
    }
