"""Booking by the page: free times, one who was quicker, and nothing typed that is lost."""

from collections.abc import Callable
from datetime import date, timedelta

from sqlalchemy import select, update

from kernel.clock import local_today
from kernel.ids import new_row_id
from tenant_app.appointments.models import Appointment
from tenant_app.patients.models import Patient
from tests.support.clinic import Clinic, tomorrow
from tests.support.staff_browser import Browser

SignIn = Callable[[Clinic, str], Browser]
PATH = "/appointments/new"


def wish(clinic: Clinic, patient_id: object, **other: str) -> dict[str, str]:
    """The form, filled in."""
    return {
        "step": "book",
        "patient": str(patient_id),
        "department": str(clinic.department_id),
        "doctor": str(clinic.doctor_id),
        "day": tomorrow().strftime("%d/%m/%Y"),
        "minutes": "30",
        "start": "09:00",
        "appointment_type": "follow_up",
        "reason": "Đau bụng âm ỉ",
        **other,
    }


def booked(clinic: Clinic) -> list[tuple[date, str, str]]:
    """What stands in the book."""
    with clinic.uow() as uow:
        rows = uow.session.scalars(select(Appointment).order_by(Appointment.start_time)).all()
        return [(row.appointment_date, f"{row.start_time:%H:%M}-{row.end_time:%H:%M}", row.status) for row in rows]


def test_without_a_patient_one_is_looked_for_first_and_the_rest_is_carried(sign_in: SignIn, clinic: Clinic) -> None:
    nurse = sign_in(clinic, "nurse")
    page = nurse.get(PATH, day=str(tomorrow()), doctor=str(clinic.doctor_id))
    assert 'id="query"' in page
    assert f'name="doctor" value="{clinic.doctor_id}"' in page
    patient = clinic.patient()
    found = nurse.part(
        "/patients", query=patient.patient.patient_code, doctor=str(clinic.doctor_id), day=str(tomorrow())
    ).text
    assert f"{PATH}?patient={patient.patient.id}" in found
    assert f"doctor={clinic.doctor_id}" in found


def test_free_times_are_offered_and_taken_ones_are_not(sign_in: SignIn, clinic: Clinic) -> None:
    patient = clinic.patient().patient
    clinic.appointment(patient.id, start="09:00", end="09:30")
    nurse = sign_in(clinic, "nurse")
    page = nurse.post(PATH, **wish(clinic, patient.id, step="times")).text
    assert 'name="start" value="08:30"' in page
    assert 'name="start" value="09:00"' not in page
    assert 'name="start" value="12:00"' not in page
    assert "Đau bụng âm ỉ" in page, "what was typed stays"
    short = nurse.post(PATH, **wish(clinic, patient.id, step="times", minutes="15", all_hours="1")).text
    assert 'name="start" value="03:15"' in short
    assert 'name="start" value="09:15"' not in short


def test_the_day_after_and_before_are_one_press_away(sign_in: SignIn, clinic: Clinic) -> None:
    patient = clinic.patient().patient
    nurse = sign_in(clinic, "nurse")
    later = nurse.post(PATH, **wish(clinic, patient.id, step="later")).text
    assert (tomorrow() + timedelta(days=1)).strftime('value="%d/%m/%Y"') in later
    past = nurse.post(PATH, **wish(clinic, patient.id, step="earlier", day=local_today().strftime("%d/%m/%Y"))).text
    assert local_today().strftime('value="%d/%m/%Y"') in past, "not before today"


def test_booking_stands_in_the_book_and_leads_to_the_patient(sign_in: SignIn, clinic: Clinic) -> None:
    patient = clinic.patient().patient
    nurse = sign_in(clinic, "nurse")
    answer = nurse.post(PATH, **wish(clinic, patient.id))
    assert answer.status_code == 303
    assert answer.location == f"/patients/{patient.id}"
    assert booked(clinic) == [(tomorrow(), "09:00-09:30", "scheduled")]
    page = nurse.get(answer.location)
    assert "Đã đặt lịch hẹn" in page
    assert "Đau bụng âm ỉ" in page


def test_a_time_taken_meanwhile_is_said_and_everything_stays(sign_in: SignIn, clinic: Clinic) -> None:
    one, other = clinic.patient().patient, clinic.patient().patient
    nurse = sign_in(clinic, "nurse")
    clinic.appointment(other.id, start="09:00", end="09:30")
    answer = nurse.post(PATH, **wish(clinic, one.id))
    assert answer.status_code == 409
    assert "09:00" in answer.text
    assert 'name="start" value="09:00"' not in answer.text
    assert 'name="start" value="09:30"' in answer.text
    assert "Đau bụng âm ỉ" in answer.text
    assert 'value="follow_up" id="appointment_type-follow_up" checked' in answer.text
    assert len(booked(clinic)) == 1
    assert nurse.post(PATH, **wish(clinic, one.id, start="09:30")).status_code == 303


def test_what_is_not_chosen_is_named(sign_in: SignIn, clinic: Clinic) -> None:
    patient = clinic.patient().patient
    nurse = sign_in(clinic, "nurse")
    no_time = nurse.post(PATH, **wish(clinic, patient.id, start=""))
    assert no_time.status_code == 422
    assert 'href="#start"' in no_time.text
    no_doctor = nurse.post(PATH, **wish(clinic, patient.id, department="", doctor=""))
    assert no_doctor.status_code == 422
    no_day = nurse.post(PATH, **wish(clinic, patient.id, day="31/02/2027"))
    assert no_day.status_code == 422
    assert 'value="31/02/2027"' in no_day.text
    long = nurse.post(PATH, **wish(clinic, patient.id, reason="a" * 1001))
    assert long.status_code == 422
    yesterday = (local_today() - timedelta(days=1)).strftime("%d/%m/%Y")
    past = nurse.post(PATH, **wish(clinic, patient.id, day=yesterday))
    assert past.status_code == 422
    assert booked(clinic) == []


def test_a_closed_record_takes_no_appointment(sign_in: SignIn, clinic: Clinic) -> None:
    patient = clinic.patient().patient
    with clinic.uow() as uow:
        uow.session.execute(update(Patient).where(Patient.id == patient.id).values(status="inactive"))
        uow.commit()
    answer = sign_in(clinic, "nurse").post(PATH, **wish(clinic, patient.id))
    assert answer.status_code == 409
    assert booked(clinic) == []


def test_who_may_not_book_does_not(sign_in: SignIn, clinic: Clinic) -> None:
    patient = clinic.patient().patient
    cashier = sign_in(clinic, "cashier")
    assert cashier.client.get(PATH).status_code == 403
    assert cashier.post(PATH, **wish(clinic, patient.id)).status_code == 403
    nurse = sign_in(clinic, "nurse")
    assert nurse.client.post(PATH, data=wish(clinic, patient.id)).status_code == 400, "without the form's token"
    assert booked(clinic) == []


def test_the_other_hospitals_people_cannot_be_booked(sign_in: SignIn, clinics: tuple[Clinic, Clinic]) -> None:
    ours, theirs = clinics
    mine, foreign = ours.patient().patient, theirs.patient().patient
    nurse = sign_in(ours, "nurse")
    for patient_id in (foreign.id, new_row_id()):
        assert nurse.post(PATH, **wish(ours, patient_id)).status_code in {404, 422}
        assert nurse.client.get(PATH, query_string={"patient": str(patient_id)}).status_code == 404
    theirs_wish = wish(ours, mine.id, doctor=str(theirs.doctor_id), department=str(theirs.department_id))
    assert nurse.post(PATH, **theirs_wish).status_code == 422
    assert booked(ours) == booked(theirs) == []
