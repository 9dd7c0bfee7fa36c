"""Every route of the staff portal, asked by the other hospital: what is not theirs does not exist."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert
from werkzeug.routing import Rule

from kernel.clock import utc_now
from kernel.ids import new_row_id
from kernel.web.access import declared
from manage.demo.people import person
from tenant_app.appointments.public import Destination, move
from tenant_app.patients.public import (
    NewCard,
    NewContact,
    NewHistory,
    add_contact,
    identifier_history,
    note_allergy,
    note_history,
    write_card,
)
from tenant_app.saved_filters.public import save_filter
from tenant_app.staff.models import StaffSession
from tenant_app.staff.public import create_role
from tenant_app.unusual.models import AccessFinding
from tests.support.clinic import Clinic, open_clinic, tomorrow
from tests.support.hospitals import Hospital
from tests.support.imports import Desk
from tests.support.patient_files import csv_file, line_of
from tests.support.portals import Portals
from tests.support.schedules import away, hours

PASSWORD = "một mật khẩu thật dài"
NAMED = {
    *("patient_id", "appointment_id", "entry_id", "role_id", "user_id", "session_id"),
    *("schedule_id", "exception_id", "move_id", "finding_id"),
    *("contact_id", "history_id", "card_id", "import_id", "filter_id"),
}
BODY = {"full_name": "Kẻ Lạ Mặt", "reason": "thử", "query": "a", "code": "LA", "name": "Khoa Lạ"}


@dataclass(frozen=True, kw_only=True)
class Treasure:
    """What one hospital has: ids by the name of a route's argument, and words that must never be seen elsewhere."""

    ids: dict[str, UUID]
    words: tuple[str, ...]


@pytest.fixture
def theirs(two_hospitals: tuple[Hospital, Hospital]) -> Treasure:
    """A patient with an appointment and a doctor at the first hospital."""
    clinic: Clinic = open_clinic(two_hospitals[0])
    somebody = person()
    patient = clinic.patient(somebody).patient
    appointment = clinic.appointment(patient.id)
    with clinic.uow() as uow:
        identifier = next(iter(identifier_history(uow=uow, patient_id=patient.id)))
        allergy = note_allergy(uow=uow, actor=clinic.admin, patient_id=patient.id, substance="Penicillin")
        whom = NewContact(full_name="Người Liên Hệ Riêng", phone="0912345678")
        contact = add_contact(uow=uow, actor=clinic.admin, patient_id=patient.id, new=whom)
        piece = NewHistory(kind="chronic", what="Tăng huyết áp")
        insured = NewCard(number="GD4793456789012", valid_from=date(2026, 1, 1))
        card = write_card(uow=uow, actor=clinic.admin, patient_id=patient.id, new=insured)
        history = note_history(uow=uow, actor=clinic.admin, patient_id=patient.id, new=piece)
        now = utc_now()
        session = StaffSession(
            id=new_row_id(), account_id=clinic.doctor_id, last_seen_at=now, expires_at=now + timedelta(hours=1)
        )
        session_id = session.id
        uow.session.add(session)
        uow.commit()
    entry = clinic.number(patient.id)
    schedule = hours(clinic)[0]
    absence = away(clinic)
    with clinic.uow() as uow:
        where = Destination(
            appointment_date=tomorrow(), start_time=time(16), end_time=time(16, 20), outside_reason="Đã hẹn"
        )
        moved = move(uow=uow, actor=clinic.admin, appointment_id=appointment.id, to=where, version=1)
        uow.commit()
    assert moved.move_id
    with clinic.uow() as uow:
        role_id = create_role(uow=uow, actor=clinic.admin, name="Điều dưỡng trưởng", permissions=["patient.read"])
        uow.commit()
    with clinic.uow() as uow:
        chosen = {"doctor": str(clinic.doctor_id)}
        kept = save_filter(uow=uow, actor=clinic.admin, list_name="calendar", name="Bác sĩ riêng", parameters=chosen)
        uow.commit()
    finding_id = new_row_id()
    with clinic.uow("seal") as uow:
        noticed = {"id": finding_id, "kind": "own_record", "user_id": clinic.doctor_id, "patients": 1, "reads": 1}
        span = {"starts_at": now, "ends_at": now + timedelta(hours=1), "row_ids": []}
        uow.session.execute(insert(AccessFinding).values(**noticed, **span))
        uow.commit()
    file = Desk(clinic).upload(csv_file([line_of(somebody)]))
    return Treasure(
        ids={
            "import_id": file.id,
            "session_id": session_id,
            "patient_id": patient.id,
            "appointment_id": appointment.id,
            "entry_id": entry.id,
            "schedule_id": schedule.id,
            "exception_id": absence.id,
            "move_id": moved.move_id,
            "user_id": clinic.doctor_id,
            "department_id": clinic.department_id,
            "identifier_id": identifier.id,
            "allergy_id": allergy.id,
            "contact_id": contact.id,
            "history_id": history.id,
            "card_id": card.id,
            "role_id": role_id,
            "finding_id": finding_id,
            "filter_id": kept.id,
        },
        words=(somebody.full_name, somebody.cccd, somebody.phone, str(patient.id), str(appointment.id), str(entry.id)),
    )


@pytest.fixture
def intruder(portals: Portals, two_hospitals: tuple[Hospital, Hospital]) -> tuple[FlaskClient, dict[str, str]]:
    """The administrator of the second hospital, with every permission there: in the browser, and over the API."""
    other = two_hospitals[1]
    portals.staff.config["WTF_CSRF_METHODS"] = set()
    client = portals.staff.test_client()
    token = other.provisioned.invite.token
    accepted = client.post("/api/v1/auth/accept-invite", json={"token": token, "password": PASSWORD})
    assert accepted.status_code == 200, accepted.text
    form = {"hospital": other.tenant_code, "username": "quantri", "password": PASSWORD}
    signed_in = client.post("/sign-in", data=form)
    assert signed_in.status_code == 303, signed_in.text
    return client, {"Authorization": f"Bearer {accepted.get_json()['access_token']}"}


def routes(portals: Portals) -> Iterator[tuple[Rule, str]]:
    """Each route behind a session, with each of its methods; signing out comes last, for obvious reasons."""
    for rule in portals.staff.url_map.iter_rules():
        access = declared(portals.staff, rule.endpoint)
        assert access is not None
        if access.public is None and "sign_out" not in rule.endpoint:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method


def filled(rule: Rule, treasure: Treasure) -> str:
    """The route's address with the first hospital's ids."""
    path = rule.rule
    for name in rule.arguments:
        value = treasure.ids.get(name, "confirm")
        path = re.sub(rf"<(?:[^:<>]+:)?{name}>", str(value), path)
    return path


def test_the_owner_would_see_it(portals: Portals, theirs: Treasure, two_hospitals: tuple[Hospital, Hospital]) -> None:
    """Otherwise the test below would pass for the wrong reason."""
    client = portals.staff.test_client()
    token = two_hospitals[0].provisioned.invite.token
    accepted = client.post("/api/v1/auth/accept-invite", json={"token": token, "password": PASSWORD}).get_json()
    headers = {"Authorization": f"Bearer {accepted['access_token']}"}
    seen = client.get(f"/api/v1/patients/{theirs.ids['patient_id']}", headers=headers)
    assert seen.get_json()["full_name"] == theirs.words[0]


def test_nothing_of_one_hospital_shows_at_another(
    portals: Portals, theirs: Treasure, intruder: tuple[FlaskClient, dict[str, str]]
) -> None:
    client, bearer = intruder
    asked = 0
    for rule, method in routes(portals):
        programs = rule.rule.startswith("/api/")
        sent: dict[str, Any] = {"json": BODY, "headers": {**bearer, "If-Match": '"1"'}} if programs else {"data": BODY}
        if method == "GET":
            sent = {"headers": bearer} if programs else {}
        response = client.open(filled(rule, theirs), method=method, buffered=True, **sent)
        named = set(rule.arguments) & NAMED
        if named:
            assert response.status_code in {404, 422, 400}, (
                method,
                rule.rule,
                response.status_code,
                response.text[:300],
            )
            if method == "GET":
                assert response.status_code == 404, (method, rule.rule)
        assert response.status_code < 500, (method, rule.rule, response.text[:300])
        for word in theirs.words:
            if word not in filled(rule, theirs):
                assert word not in response.text, (method, rule.rule)
        asked += 1
    assert asked > 30


def test_ids_of_another_hospital_in_a_body_are_nobody(
    portals: Portals, theirs: Treasure, intruder: tuple[FlaskClient, dict[str, str]]
) -> None:
    client, bearer = intruder
    body = {
        "patient_id": str(theirs.ids["patient_id"]),
        "doctor_id": str(theirs.ids["user_id"]),
        "department_id": str(theirs.ids["department_id"]),
        "appointment_date": "2099-01-05",
        "start_time": "09:00",
        "end_time": "09:30",
        "appointment_type": "consultation",
    }
    refused = client.post("/api/v1/appointments", json=body, headers=bearer)
    assert refused.status_code in {404, 422}
    listed = client.get("/api/v1/appointments", query_string={"patient_id": body["patient_id"]}, headers=bearer)
    assert listed.get_json().get("items", []) == []


def test_a_token_of_one_hospital_names_no_other(
    portals: Portals, two_hospitals: tuple[Hospital, Hospital], intruder: tuple[FlaskClient, dict[str, str]]
) -> None:
    """Neither header, nor query, nor body, nor host name chooses the hospital."""
    client, bearer = intruder
    one, other = two_hospitals
    for extra in (
        {"headers": {**bearer, "X-Tenant": one.tenant_code, "X-Tenant-Id": str(one.tenant)}},
        {"headers": bearer, "base_url": f"http://{one.tenant_code}.example"},
    ):
        answer = client.get("/api/v1/hospital", **extra)
        assert answer.get_json()["tenant_code"] == other.tenant_code


def test_at_a_hospitals_own_domain_only_its_own_staff_are_admitted(
    portals: Portals, two_hospitals: tuple[Hospital, Hospital], intruder: tuple[FlaskClient, dict[str, str]]
) -> None:
    client, bearer = intruder
    one, other = two_hospitals
    with one.central.superuser() as connection:
        for hospital in (one, other):
            domain = f"{hospital.tenant_code}.example"
            connection.execute("UPDATE tenants SET domain = %s WHERE id = %s", (domain, hospital.tenant))
    own = client.get("/api/v1/hospital", headers=bearer, base_url=f"http://{other.tenant_code}.example")
    assert own.status_code == 200
    foreign = client.get("/api/v1/hospital", headers=bearer, base_url=f"http://{one.tenant_code}.example")
    assert foreign.status_code == 401
