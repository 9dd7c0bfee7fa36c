"""The page of a record's status: what it asks, what follows, and that the banner says so everywhere."""

import re
from collections.abc import Callable
from datetime import date
from uuid import UUID

from kernel.clock import local_today
from tenant_app.patients.public import patient_record
from tests.support.clinic import Clinic
from tests.support.counting import Counting
from tests.support.staff_browser import Browser

SignIn = Callable[[Clinic, str], Browser]


def test_a_death_is_written_down_with_what_follows_and_taken_back(sign_in: SignIn, clinic: Clinic) -> None:
    patient = clinic.born(date(1950, 3, 1))
    kept = clinic.appointment(patient, start="09:00", end="09:30").id
    dropped = clinic.appointment(patient, start="10:00", end="10:30").id
    desk = sign_in(clinic, "receptionist")
    record, here = f"/patients/{patient}", f"/patients/{patient}/status"
    form = desk.get(here, to="deceased")
    assert form.count('name="appointment"') == 2
    answer = desk.post(here, status="deceased", reason="family", deceased_on="31/02/2026", told_by="")
    assert answer.status_code == 422
    assert "31/02/2026" in answer.text, "what was typed stays"
    day = local_today().strftime("%d/%m/%Y")
    death = {"status": "deceased", "reason": "family", "deceased_on": day, "told_by": "con gái, chị Hoa"}
    answer = desk.post(here, **death, appointment=str(dropped), shown=f"{kept} {dropped}")
    assert answer.status_code == 303, answer.text
    for page in (record, f"{record}/allergies", f"{record}/numbers", f"{record}/edit", f"/queue/new?patient={patient}"):
        assert f"Tử vong ngày {day}" in desk.client.get(page).text, page
    shown = desk.get(record)
    assert str(kept) in shown
    assert f"/appointments/{dropped}/cancel" not in shown
    assert f"/appointments/new?patient={patient}" not in shown
    refused = desk.post("/queue/new", patient=str(patient), department=str(clinic.department_id))
    assert refused.status_code == 409
    assert "Người bệnh này đã tử vong" in refused.text
    assert "con gái, chị Hoa" in desk.get(here)
    assert desk.post(here, status="inactive", reason="asked").status_code == 303, "a message, not an error page"
    assert desk.post(here, status="active", reason="mistaken").status_code == 303
    assert "Tử vong ngày" not in desk.get(record)


def test_an_appointment_booked_while_the_form_was_filled_in_is_decided_about_first(
    sign_in: SignIn, clinic: Clinic
) -> None:
    patient = clinic.born(date(1950, 3, 1))
    first = clinic.appointment(patient, start="09:00", end="09:30").id
    desk, here = sign_in(clinic, "receptionist"), f"/patients/{patient}/status"
    sent = {"status": "inactive", "reason": "moved_away", "appointment": str(first)}
    shown = re.search(r'name="shown" value="([^"]*)"', desk.get(here, to="inactive"))
    assert shown is not None
    late = clinic.appointment(patient, start="10:00", end="10:30").id
    asked = desk.post(here, **sent, shown=shown[1])
    assert asked.status_code == 409
    ticked = re.findall(r'name="appointment" value="([^"]+)" checked', asked.text)
    assert ticked == [str(first), str(late)], "what was ticked, and what was booked meanwhile"
    assert _status(clinic, patient) == "active"
    assert desk.post(here, **sent, shown=f"{first} {late}").status_code == 303
    assert _status(clinic, patient) == "inactive"


def _status(clinic: Clinic, patient: UUID) -> str:
    with clinic.uow() as uow:
        return patient_record(uow=uow, patient_id=patient).patient.status


def test_who_may_not_change_it_sees_it_only(sign_in: SignIn, clinic: Clinic) -> None:
    patient = clinic.patient().patient.id
    cashier = sign_in(clinic, "cashier")
    assert 'name="status"' not in cashier.get(f"/patients/{patient}/status", to="inactive")
    assert cashier.post(f"/patients/{patient}/status", status="inactive", reason="asked").status_code == 403
    doctor = sign_in(clinic, "doctor")
    clinic.appointment(patient)
    page = doctor.get(f"/patients/{patient}/status", to="inactive")
    assert 'name="appointment"' not in page, "a doctor cancels no appointments"
    assert "1 lịch hẹn" in page


def test_the_search_can_ask_for_one_status(sign_in: SignIn, clinic: Clinic) -> None:
    found = clinic.patient().patient
    desk = sign_in(clinic, "receptionist")
    assert desk.post(f"/patients/{found.id}/status", status="inactive", reason="moved_away").status_code == 303
    assert "Ngưng hoạt động" in desk.part("/patients", query=found.full_name).text
    assert f"/patients/{found.id}" in desk.part("/patients", query=found.full_name, status="inactive").text
    assert f"/patients/{found.id}" not in desk.part("/patients", query=found.full_name, status="active").text


def test_the_page_asks_the_database_a_few_times(sign_in: SignIn, clinic: Clinic, count_queries: Counting) -> None:
    patient = clinic.patient().patient.id
    for hour in range(8, 12):
        clinic.appointment(patient, start=f"{hour:02d}:00", end=f"{hour:02d}:30")
    desk = sign_in(clinic, "receptionist")
    with count_queries() as counted:
        desk.get(f"/patients/{patient}/status", to="inactive")
    assert counted.total <= 12, counted.statements
