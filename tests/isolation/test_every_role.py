"""Every route of the staff portal × every role × {own department, other department, other hospital}, from the routes.

A role may come in exactly when its permissions hold what the route declares. What is behind the door (a wrong form,
an id that is nobody) is judged by other tests: here only that it is a door of the right kind.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from kernel.passwords import Passwords
from kernel.web.access import declared
from tenant_app.reach.public import HOSPITAL
from tenant_app.staff.models import Role, User, UserRole
from tenant_app.staff.permissions import PERMISSIONS, ROLE_PERMISSIONS, ROLE_REACH
from tests.support.clinic import Clinic, add_user, open_clinic
from tests.support.departments import elsewhere
from tests.support.hospitals import Hospital
from tests.support.portals import Portals

PASSWORD = "một mật khẩu thật dài"
CHEAP = Passwords(memory_kib=64, passes=1, lanes=1)


@dataclass(frozen=True, kw_only=True)
class Door:
    """A route with one of its methods, and the permission that it declares."""

    rule: Rule
    method: str
    permission: str | None

    def __str__(self) -> str:
        return f"{self.method} {self.rule.rule}"


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Somebody signed in: in the browser, and over the API."""

    client: FlaskClient
    bearer: Mapping[str, str]
    user_id: UUID

    def knock(self, door: Door, ids: Mapping[str, UUID]) -> int:
        """The status of the answer."""
        return self.open(door, ids).status_code

    def open(self, door: Door, ids: Mapping[str, UUID]) -> TestResponse:
        """The answer."""
        path = door.rule.rule
        for name in door.rule.arguments:
            path = re.sub(rf"<(?:[^:<>]+:)?{name}>", str(ids.get(name, uuid4())), path)
        sent: dict[str, Any] = {}
        if door.rule.rule.startswith("/api/"):
            sent = {"headers": {**self.bearer, "If-Match": '"99"'}}
            if door.method != "GET":
                sent["json"] = {}
        # Buffered: the answer is read to its end, and what it was sent from is closed.
        return self.client.open(path, method=door.method, buffered=True, **sent)


@pytest.fixture
def clinics(two_hospitals: tuple[Hospital, Hospital]) -> tuple[Clinic, Clinic]:
    """Two hospitals at work."""
    return open_clinic(two_hospitals[0]), open_clinic(two_hospitals[1])


def doors(portals: Portals) -> Iterator[Door]:
    """Each route behind a session; not the one that would end it."""
    for rule in portals.staff.url_map.iter_rules():
        access = declared(portals.staff, rule.endpoint)
        assert access is not None
        if access.public is None and "sign_out" not in rule.endpoint:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield Door(rule=rule, method=method, permission=access.permission)


def let_in(portals: Portals, clinic: Clinic, role: str) -> Visitor:
    """A new member of staff in a role, signed in by password."""
    portals.staff.config["WTF_CSRF_METHODS"] = set()
    with clinic.uow() as uow:
        user_id = add_user(uow, role=role, department_id=clinic.department_id)
        uow.session.execute(update(User).where(User.id == user_id).values(password_hash=CHEAP.hash(PASSWORD)))
        username = uow.session.scalars(select(User.username).where(User.id == user_id)).one()
        uow.commit()
    client = portals.staff.test_client()
    who = {"username": username, "password": PASSWORD}
    tokens = client.post("/api/v1/auth/login", json={"tenant": clinic.hospital.tenant_code, **who})
    assert tokens.status_code == 200, tokens.text
    assert client.post("/sign-in", data={"hospital": clinic.hospital.tenant_code, **who}).status_code == 303
    bearer = {"Authorization": f"Bearer {tokens.get_json()['access_token']}"}
    return Visitor(client=client, bearer=bearer, user_id=user_id)


def ids_of(clinic: Clinic) -> dict[str, UUID]:
    """Things of a hospital, by the name of a route's argument."""
    patient = clinic.patient().patient
    visit = clinic.appointment(patient.id)
    with clinic.uow() as uow:
        role_id = uow.session.scalars(select(Role.id).where(Role.name == "nurse")).one()
    return {
        "patient_id": patient.id,
        "appointment_id": visit.id,
        "user_id": clinic.doctor_id,
        "department_id": clinic.department_id,
        "role_id": role_id,
    }


# The names of routes' arguments that stand for things of a department.
OF_DEPARTMENT = {"appointment_id", "entry_id", "move_id"}
# Whoever closes a record closes it for the whole hospital, and is told what that leaves hanging.
KNOWS_ALL = {"/patients/<patient_id>/status", "/api/v1/patients/<uuid:patient_id>/status"}


def of_department(door: Door) -> bool:
    """Whether a route is about one thing of a department, or a department's line."""
    lines = "department_id" in door.rule.arguments and "/queue" in door.rule.rule
    return lines or bool(OF_DEPARTMENT & set(door.rule.arguments))


@pytest.mark.parametrize("role", sorted(ROLE_PERMISSIONS))
def test_a_role_reaches_its_departments_or_the_hospital(
    portals: Portals, clinics: tuple[Clinic, Clinic], role: str
) -> None:
    """What is another department's is to a role that reaches its own as if it were not: at each door of such things
    the answer is that to an id that is nobody's. A role that reaches the hospital finds it.
    """
    clinic = clinics[0]
    there = elsewhere(clinic)
    visitor = let_in(portals, clinic, role)
    own = {**ids_of(clinic), "entry_id": clinic.number(clinic.patient().patient.id).id}
    whole = ROLE_REACH[role] == HOSPITAL
    permitted = [
        door for door in doors(portals) if door.permission is None or door.permission in ROLE_PERMISSIONS[role]
    ]
    asked = [door for door in permitted if of_department(door)]
    assert len(asked) > 5
    for door in asked:
        # A department's hours and details are open to colleagues; here the department is that of the line.
        nobody = visitor.knock(door, dict.fromkeys(door.rule.arguments, uuid4()))
        if door.method == "GET":
            assert nobody == 404, str(door)
            assert visitor.knock(door, own) == 200 or "move_id" in door.rule.arguments, str(door)
            assert visitor.knock(door, there.ids) == (200 if whole else 404), str(door)
        elif not whole:
            assert visitor.knock(door, there.ids) == nobody, str(door)
    if whole:
        return
    for door in permitted:
        if door.method == "GET" and not of_department(door) and door.rule.rule not in KNOWS_ALL:
            answer = visitor.open(door, {**own, **there.ids, "user_id": there.doctor_id})
            shown = [word for word in there.words if word in answer.text]
            assert not shown, (str(door), shown)


@pytest.mark.parametrize("role", sorted(ROLE_PERMISSIONS))
def test_a_role_opens_the_doors_that_its_permissions_name(
    portals: Portals, clinics: tuple[Clinic, Clinic], role: str
) -> None:
    ours, theirs = clinics
    visitor = let_in(portals, ours, role)
    asked = 0
    for whose, ids in (("own", ids_of(ours)), ("other", ids_of(theirs))):
        for door in doors(portals):
            status = visitor.knock(door, ids)
            permitted = door.permission is None or door.permission in ROLE_PERMISSIONS[role]
            assert status < 500, (whose, str(door), status)
            assert status != 401, (whose, str(door))
            assert (status != 403) == permitted, (whose, str(door), status)
            if whose == "other" and permitted and door.method == "GET" and set(door.rule.arguments) & set(ids):
                assert status == 404, (str(door), status)
            asked += 1
    assert asked > 100


def test_each_permission_opens_its_own_doors_and_without_it_they_are_shut(
    portals: Portals, clinics: tuple[Clinic, Clinic]
) -> None:
    """One person whose role is changed between the requests: each change holds at the next one."""
    clinic = clinics[0]
    visitor = let_in(portals, clinic, "nurse")
    ids = ids_of(clinic)
    own = Role(name="Thử từng quyền", permissions=[])
    with clinic.uow() as uow:
        uow.session.add(own)
        uow.flush()
        role_id = own.id
        uow.session.execute(delete(UserRole).where(UserRole.user_id == visitor.user_id))
        uow.session.add(UserRole(user_id=visitor.user_id, role_id=role_id))
        uow.commit()
    by_permission: dict[str, list[Door]] = {}
    for door in doors(portals):
        if door.permission is not None:
            by_permission.setdefault(door.permission, []).append(door)
    assert set(by_permission) == set(PERMISSIONS), "a permission that no route asks for permits nothing"
    for permission, behind in by_permission.items():
        for permissions, opened in (([permission], True), (sorted(set(PERMISSIONS) - {permission}), False)):
            with clinic.uow() as uow:
                uow.session.execute(update(Role).where(Role.id == role_id).values(permissions=permissions))
                uow.commit()
            for door in behind:
                status = visitor.knock(door, {**ids, "user_id": uuid4()})
                assert (status != 403) == opened, (permission, str(door), status)
