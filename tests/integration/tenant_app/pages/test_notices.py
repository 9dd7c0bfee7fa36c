"""The bell and the list of notices, as somebody uses them without JavaScript."""

import re
from collections.abc import Callable
from datetime import datetime

import pytest

from tenant_app.appointments.public import AppointmentRow, act, book
from tests.support.clinic import Clinic, tomorrow
from tests.support.counting import Counting
from tests.support.staff_browser import Browser

SignIn = Callable[[Clinic, str], Browser]


def booked_with(clinic: Clinic, browser: Browser, *, start: str = "09:00", end: str = "09:30") -> AppointmentRow:
    patient = clinic.patient().patient.id
    with clinic.uow() as uow:
        wish = clinic.booking(patient, start=start, end=end, doctor_id=browser.user_id)
        made = book(uow=uow, actor=clinic.admin, booking=wish)
        uow.commit()
    return made


def unread(page: str) -> int:
    found = re.search(r'class="sk-bell-count[^>]*>(\d+)<', page)
    return int(found[1]) if found else 0


def buttons(page: str, action: str) -> list[str]:
    return re.findall(rf'action="(/notices/[0-9a-f-]+/{action})"', page)


def ticked(page: str) -> int:
    return len(re.findall(r'name="kind" value="[a-z.]+" checked', page))


@pytest.fixture
def doctor(sign_in: SignIn, clinic: Clinic) -> Browser:
    """Somebody who has patients."""
    return sign_in(clinic, "doctor")


def test_the_bell_counts_and_leads_to_what_happened(
    doctor: Browser, clinic: Clinic, sign_in: SignIn, count_queries: Counting
) -> None:
    assert unread(doctor.get("/today")) == 0
    empty = doctor.get("/notices")
    assert "Chưa có thông báo nào" in empty
    made = booked_with(clinic, doctor)
    cancelled = booked_with(clinic, doctor, start="10:00", end="10:30")
    with clinic.uow() as uow:
        act(uow=uow, actor=clinic.admin, appointment_id=cancelled.id, action="cancel", reason="Bệnh nhân bận")
        uow.commit()
    assert unread(doctor.get("/patients")) == 2
    with count_queries() as counted:
        shown = doctor.get("/notices")
    assert counted.total <= 12, counted.statements
    when = f"{made.start_time:%H:%M} {made.appointment_date:%d/%m/%Y}"
    for words in (f"{made.patient_name} · {when}", cancelled.patient_name, "Lịch hẹn mới", "Hủy lịch hẹn"):
        assert words in shown
    answer = doctor.post(buttons(shown, "open")[-1])
    assert (answer.status_code, f"day={tomorrow()}" in answer.location) == (303, True)
    assert made.patient_name in doctor.get(answer.location)
    assert unread(doctor.get("/notices")) == 1
    assert doctor.post(buttons(doctor.get("/notices"), "read")[0]).status_code == 303
    assert unread(doctor.get("/notices")) == 0
    booked_with(clinic, doctor, start="11:00", end="11:30")
    assert doctor.post("/notices/read-all").status_code == 303
    assert unread(doctor.get("/notices/bell")) == 0
    assert unread(sign_in(clinic, "nurse").get("/today")) == 0


def test_the_bell_costs_no_question_of_its_own(doctor: Browser, clinic: Clinic, count_queries: Counting) -> None:
    booked_with(clinic, doctor)
    with count_queries() as counted:
        assert unread(doctor.get("/notices/bell")) == 1
    assert len([each for each in counted.statements if "staff_sessions" in each]) == 1
    assert counted.total == 1, counted.statements


def test_the_list_asks_no_more_for_many(doctor: Browser, clinic: Clinic, count_queries: Counting) -> None:
    booked_with(clinic, doctor)
    with count_queries() as one:
        doctor.get("/notices")
    for hour in range(10, 16):
        booked_with(clinic, doctor, start=f"{hour}:00", end=f"{hour}:30")
    with count_queries() as many:
        doctor.get("/notices")
    assert one.total == many.total


def test_anothers_notices_are_not_there(doctor: Browser, clinics: tuple[Clinic, Clinic], sign_in: SignIn) -> None:
    ours, theirs = clinics
    made = booked_with(ours, doctor)
    shown = doctor.get("/notices")
    for stranger in (sign_in(ours, "admin"), sign_in(ours, "doctor"), sign_in(theirs, "doctor")):
        assert made.patient_name not in stranger.get("/notices")
        assert unread(stranger.get("/notices")) == 0
        for path in (*buttons(shown, "open"), *buttons(shown, "read")):
            assert stranger.post(path).status_code == 404
    assert unread(doctor.get("/notices")) == 1
    assert doctor.post("/notices/nothing/read").status_code == 404


def test_a_right_that_was_taken_away_hides_what_a_notice_said(doctor: Browser, clinic: Clinic) -> None:
    made = booked_with(clinic, doctor)
    with clinic.hospital.superuser() as connection:
        connection.execute("UPDATE roles SET permissions = permissions - 'appointment.read' WHERE name = 'doctor'")
    shown = doctor.get("/notices")
    assert made.patient_name not in shown
    assert "Bạn không còn quyền xem nội dung này" in shown
    assert buttons(shown, "open") == []


def test_one_chooses_what_one_hears_of(doctor: Browser, clinic: Clinic, sign_in: SignIn) -> None:
    form = doctor.get("/notices/choose")
    assert form.count('name="kind"') == ticked(form) == 5
    assert doctor.post("/notices/choose", kind=["appointment.cancelled", "patient.called"]).status_code == 303
    assert ticked(doctor.get("/notices/choose")) == 2
    booked_with(clinic, doctor)
    assert unread(doctor.get("/today")) == 0
    assert doctor.post("/notices/choose", kind=["appointment.booked", "access.unusual"]).status_code == 303
    booked_with(clinic, doctor, start="10:00", end="10:30")
    assert unread(doctor.get("/today")) == 1
    assert "Không có gì để chọn" in sign_in(clinic, "cashier").get("/notices/choose")


def test_what_a_page_asks_for_by_itself_keeps_no_session_alive(doctor: Browser, clinic: Clinic) -> None:
    def seen() -> datetime:
        with clinic.hospital.superuser() as connection:
            row = connection.execute(
                "SELECT last_seen_at FROM staff_sessions WHERE account_id = %s", (doctor.user_id,)
            ).fetchone()
        assert row is not None
        moment: datetime = row[0]
        return moment

    with clinic.hospital.superuser() as connection:
        connection.execute("UPDATE staff_sessions SET last_seen_at = now() - interval '20 minutes'")
    before = seen()
    for path in ("/notices/bell", "/notices/part"):
        doctor.get(path)
        assert seen() == before
    doctor.get("/notices")
    assert seen() > before


def test_who_is_not_signed_in_has_no_bell(doctor: Browser) -> None:
    assert "sk-bell" in doctor.get("/today")
    doctor.client.delete_cookie("sokham_staff_session")
    assert doctor.client.get("/notices/bell").status_code == 303
    assert "sk-bell" not in doctor.get("/sign-in")
