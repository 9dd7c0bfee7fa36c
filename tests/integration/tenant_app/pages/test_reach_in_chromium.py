"""Pages of somebody who sees one department, and the form that says so, looked at on a phone and on a desk."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect
from sqlalchemy import update

from tenant_app.appointments.public import book
from tenant_app.staff.models import User
from tenant_app.staff.public import list_roles
from tests.support.chromium import READERS, looker, pictures
from tests.support.clinic import Clinic, tomorrow
from tests.support.departments import elsewhere
from tests.support.schedules import hours
from tests.support.staff_browser import Browser

pytestmark = pytest.mark.e2e
SignIn = Callable[[Clinic, str], Browser]
COOKIE = "sokham_staff_session"


def test_what_a_limited_person_sees(sign_in: SignIn, clinic: Clinic, chromium: Chromium, url: str) -> None:
    there = elsewhere(clinic)
    hours(clinic)
    clinic.appointment(clinic.patient().patient.id, start="08:20", end="08:40")
    wish = clinic.booking(clinic.patient().patient.id, start="09:00", end="09:40")
    with clinic.uow() as uow:
        book(uow=uow, actor=clinic.admin, booking=replace(wish, department_id=there.department_id))
        role = next(each for each in list_roles(uow=uow) if each.name == "nurse")
        uow.commit()
    nurse, admin, new = sign_in(clinic, "nurse"), sign_in(clinic, "admin"), sign_in(clinic, "nurse")
    with clinic.uow() as uow:
        uow.session.execute(update(User).where(User.id == new.user_id).values(department_id=None))
        uow.commit()
    complaints: list[str] = []
    for width, language in READERS:
        eyes = looker(chromium, url, width=width, language=language, pictures=pictures())
        tag = f"{width}-{language}"
        for who, name, path in (
            (nurse, "calendar", f"/calendar?view=day&day={tomorrow()}"),
            (nurse, "today", f"/today?day={tomorrow()}"),
            (new, "no-department", "/today"),
            (admin, "role", f"/roles/{role.id}"),
        ):
            eyes.take_session(who.client, COOKIE)
            eyes.go(path)
            expect(eyes.page.locator("main h1")).to_be_visible()
            eyes.look(f"reach-{name}-{tag}")
        complaints += eyes.complaints
        eyes.page.context.close()
    assert complaints == []
