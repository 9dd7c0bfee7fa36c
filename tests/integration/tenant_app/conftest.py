"""Two hospitals as provisioning leaves them, opened for work."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

import tenant_app
from kernel.settings import Settings
from kernel.web import api
from kernel.web.actor import Actor
from kernel.web.app import Portal, base_app, finish
from kernel.web.collaborators import provide
from keys.public import Keychain
from tenant_app.api import BLUEPRINTS
from tenant_app.settings.public import Offers
from tests.support.clinic import Clinic, open_clinic
from tests.support.hospitals import Hospital
from tests.support.staff_api import Caller, NamedGatekeeper


@pytest.fixture
def clinics(two_hospitals: tuple[Hospital, Hospital]) -> tuple[Clinic, Clinic]:
    """Both hospitals, open."""
    return open_clinic(two_hospitals[0]), open_clinic(two_hospitals[1])


@pytest.fixture
def clinic(clinics: tuple[Clinic, Clinic]) -> Clinic:
    """The first of the two."""
    return clinics[0]


@pytest.fixture
def people(clinics: tuple[Clinic, Clinic]) -> dict[str, tuple[Clinic, Actor]]:
    """The administrators of both hospitals, and one colleague in each role at the first."""
    clinic, other = clinics
    roles = {role: (clinic, clinic.actor(role)) for role in ("doctor", "receptionist", "cashier")}
    narrow = replace(clinic.admin, permissions=frozenset({"patient.read"}))
    return {
        "admin": (clinic, clinic.admin),
        "other": (other, other.admin),
        "without_appointments": (clinic, narrow),
        **roles,
    }


@pytest.fixture
def app(people: dict[str, tuple[Clinic, Actor]], keychain: Keychain) -> Flask:
    """The API's blueprints in an app."""
    portal = Portal(name="staff", title="Hospital", package=Path(tenant_app.__file__).parent)
    made = base_app(portal, Settings(cookie_secret="test"))
    provide(made, keychain, Offers(servers={"messaging.sms_gateway": ("viettel", "vnpt")}))
    documented = api.install(made, title="Sokham: hospital")
    for blueprint in BLUEPRINTS:
        documented.register_blueprint(blueprint)
    return finish(made, gatekeeper=NamedGatekeeper(people))


@pytest.fixture
def call(app: Flask) -> Callable[[str], Caller]:
    """`call("admin")("GET", "/me")`."""
    client = app.test_client()
    return lambda name: Caller(client, name)
