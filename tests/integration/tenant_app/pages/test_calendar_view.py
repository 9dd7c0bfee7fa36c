"""The calendar by the page: whose columns, what stands in them, what it opens with, and how little it asks."""

from collections.abc import Callable
from datetime import timedelta

from kernel.clock import local_today
from tenant_app.appointments.public import act, book
from tenant_app.calendar.public import NewHoliday, add_holiday
from tenant_app.staff.public import create_department
from tests.support.clinic import Clinic, add_user, tomorrow
from tests.support.counting import Counting
from tests.support.schedules import away, hours
from tests.support.staff_browser import Browser

SignIn = Callable[[Clinic, str], Browser]
PATH = "/calendar"


def test_a_day_has_a_column_for_each_doctor_and_a_week_one_for_each_day(sign_in: SignIn, clinic: Clinic) -> None:
    desk = sign_in(clinic, "receptionist")
    with clinic.uow() as uow:
        add_user(uow, role="doctor", department_id=clinic.department_id)
        elsewhere = create_department(uow=uow, actor=clinic.admin, code="NHI", name="Khoa Nhi")
        child_doctor = add_user(uow, role="doctor", department_id=elsewhere.id)
        uow.commit()
    hours(clinic)
    visit = clinic.appointment(clinic.patient().patient.id, start="08:20", end="08:40")
    day = desk.get(PATH, day=str(tomorrow()))
    assert day.count('<section class="ca-column') == 3
    assert visit.patient_name in day
    assert f"/appointments/{visit.id}/move" in day
    assert f"doctor={clinic.doctor_id}" in day
    assert "start=08:00" in day
    assert "start=08:20" not in day.replace(f'data-doctor="{clinic.doctor_id}"', ""), "it is taken"
    here = desk.get(PATH, day=str(tomorrow()), department=str(elsewhere.id))
    assert here.count('<section class="ca-column') == 1
    assert str(child_doctor) in here
    week = desk.get(PATH, view="week", day=str(tomorrow()), doctor=str(clinic.doctor_id))
    assert week.count('<section class="ca-column') == 7
    assert visit.patient_name in week


def test_a_department_shows_the_hours_that_are_there(sign_in: SignIn, clinic: Clinic) -> None:
    """A doctor who works in two departments is not offered in one at the hours of the other."""
    nurse = sign_in(clinic, "nurse")
    with clinic.uow() as uow:
        elsewhere = create_department(uow=uow, actor=clinic.admin, code="NHI", name="Khoa Nhi")
        uow.commit()
    hours(clinic, "08:00", "10:00")
    hours(clinic, "13:00", "15:00", department_id=elsewhere.id)
    both = nurse.get(PATH, day=str(tomorrow()))
    assert ("start=08:00" in both, "start=13:00" in both) == (True, True)
    here = nurse.get(PATH, day=str(tomorrow()), department=str(elsewhere.id))
    assert ("start=08:00" in here, "start=13:00" in here) == (False, True)


def test_days_beyond_the_calendar_are_named(sign_in: SignIn, clinic: Clinic) -> None:
    nurse = sign_in(clinic, "nurse")
    for path in (PATH, "/today"):
        for day in ("31/12/9999", "0001-01-01"):
            assert 'aria-invalid="true"' in nurse.get(path, day=day)
    patient = str(clinic.patient().patient.id)
    later = nurse.post("/appointments/new", patient=patient, day="31/12/9999", step="later")
    assert later.status_code == 200


def test_what_is_closed_says_why(sign_in: SignIn, clinic: Clinic) -> None:
    nurse = sign_in(clinic, "nurse")
    away(clinic)
    with clinic.uow() as uow:
        holiday = NewHoliday(name="Họp", first_day=tomorrow() + timedelta(days=1))
        add_holiday(uow=uow, actor=clinic.admin, new=holiday)
        uow.commit()
    gone = nurse.get(PATH, view="day", day=str(tomorrow()))
    assert "ca-shade ca-away" in gone
    assert "ca-free ca-r" not in gone
    assert "ca-shade ca-holiday" in nurse.get(PATH, view="day", day=str(tomorrow() + timedelta(days=1)))


def test_cancelled_ones_leave_their_time_free_and_the_begun_stay(sign_in: SignIn, clinic: Clinic) -> None:
    nurse = sign_in(clinic, "nurse")
    patient = clinic.patient().patient.id
    gone, begun = clinic.appointment(patient), clinic.appointment(patient, start="10:00", end="10:30")
    with clinic.uow() as uow:
        act(uow=uow, actor=clinic.admin, appointment_id=gone.id, action="cancel", reason="Bận")
        for action in ("confirm", "start"):
            act(uow=uow, actor=clinic.admin, appointment_id=begun.id, action=action)
        uow.commit()
    page = nurse.get(PATH, day=str(tomorrow()))
    assert str(gone.id) not in page
    assert "start=09:00" in page
    assert "ca-in_progress" in page
    assert f"/appointments/{begun.id}/move" not in page


def test_a_move_comes_back_to_the_same_calendar_and_is_undone_there(sign_in: SignIn, clinic: Clinic) -> None:
    nurse = sign_in(clinic, "nurse")
    visit = clinic.appointment(clinic.patient().patient.id)
    here = f"{PATH}?view=day&day={tomorrow()}&department={clinic.department_id}"
    sent = {
        "step": "move",
        "version": "1",
        "doctor": str(clinic.doctor_id),
        "day": tomorrow().strftime("%d/%m/%Y"),
        "start": "10:00",
        "back": here,
    }
    moved = nurse.post(f"/appointments/{visit.id}/move", **sent)
    assert moved.headers["Location"].startswith(f"{here}&moved=")
    told = nurse.get(moved.headers["Location"])
    assert "/undo" in told
    assert "10:00" in told
    move_id = moved.headers["Location"].partition("&moved=")[2]
    undone = nurse.post(f"/appointments/moves/{move_id}/undo", back=here)
    assert undone.headers["Location"] == here
    assert "/undo" not in nurse.get(here)
    refused = nurse.post(f"/appointments/{visit.id}/move", **sent)
    assert refused.status_code == 412
    assert 'name="back" value="/calendar?' in refused.text


def test_without_an_address_a_doctor_begins_with_their_own_week(sign_in: SignIn, clinic: Clinic) -> None:
    nurse, doctor = sign_in(clinic, "nurse"), sign_in(clinic, "doctor")
    nurse.get(PATH, view="week", doctor=str(clinic.doctor_id), day=str(tomorrow()))
    for browser, columns in (
        (nurse, "view=day"),
        (doctor, f"view=week&amp;day={local_today()}&amp;doctor={doctor.user_id}"),
    ):
        assert f'hx-get="{PATH}?{columns}' in browser.get(PATH)
    assert f'hx-get="{PATH}?view=day&amp;day={local_today()}"' in doctor.get(PATH, filter="all")


def test_only_who_books_moves_and_books_and_nothing_shows_elsewhere(
    sign_in: SignIn, clinics: tuple[Clinic, Clinic]
) -> None:
    clinic, other = clinics
    visit = clinic.appointment(clinic.patient().patient.id)
    cashier, stranger = sign_in(clinic, "cashier"), sign_in(other, "admin")
    page = cashier.get(PATH, day=str(tomorrow()))
    assert visit.patient_name in page
    assert "data-move" not in page
    assert "/appointments/new" not in page
    for query in ({"day": str(tomorrow())}, {"view": "week", "doctor": str(clinic.doctor_id), "day": str(tomorrow())}):
        assert visit.patient_name not in stranger.get(PATH, **query)
    assert cashier.client.get(PATH, query_string={"doctor": "x"}).status_code == 404
    assert 'aria-invalid="true"' in cashier.get(PATH, day="31/02/2027")


def test_forty_doctors_cost_no_more_questions_than_one(
    sign_in: SignIn, clinic: Clinic, count_queries: Counting
) -> None:
    nurse = sign_in(clinic, "nurse")
    with clinic.uow() as uow:
        doctors = [add_user(uow, role="doctor", department_id=clinic.department_id) for _ in range(39)]
        uow.commit()
    patient = clinic.patient().patient.id
    for doctor_id in doctors[:12]:
        hours(clinic, "07:00", "11:00", doctor_id=doctor_id)
    with clinic.uow() as uow:
        for doctor_id in doctors:
            booking = clinic.booking(patient, start="08:00", end="08:20", doctor_id=doctor_id)
            book(uow=uow, actor=clinic.admin, booking=booking)
        uow.commit()
    with count_queries() as counted:
        page = nurse.get(PATH, day=str(tomorrow()))
    assert page.count('<section class="ca-column') == 40
    assert page.count('class="ca-block ') == 39
    assert counted.total <= 12
    with count_queries() as counted:
        nurse.get(PATH, view="week", day=str(local_today()), doctor=str(doctors[0]))
    assert counted.total <= 12


def test_live_updates_ask_for_the_columns_alone(sign_in: SignIn, clinic: Clinic) -> None:
    nurse = sign_in(clinic, "nurse")
    visit = clinic.appointment(clinic.patient().patient.id)
    query = {"view": "day", "day": str(tomorrow())}
    part = nurse.client.get(PATH, query_string=query, headers={"HX-Request": "true"}).text
    assert visit.patient_name in part
    assert "<html" not in part
    assert 'id="ca-move"' not in part
    assert 'id="the-calendar"' in nurse.get(PATH, **query)
