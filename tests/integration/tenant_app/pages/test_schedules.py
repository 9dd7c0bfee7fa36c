"""Doctors' schedules by the page, and what booking and the day then show."""

from collections.abc import Callable
from datetime import time, timedelta

from sqlalchemy import update

from kernel.clock import local_today
from tenant_app.appointments.public import Destination, appointment, move
from tenant_app.schedules.public import NewException, add_exception, list_exceptions, list_schedules
from tenant_app.staff.models import Department, User
from tenant_app.staff.public import create_department
from tests.support.clinic import Clinic, add_user, tomorrow
from tests.support.counting import Counting
from tests.support.schedules import away, hours
from tests.support.staff_browser import Browser, sent_as_shown

SignIn = Callable[[Clinic, str], Browser]


def form(clinic: Clinic, **changed: object) -> dict[str, object]:
    return {
        "weekday": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        "start_time": "08:00",
        "end_time": "10:00",
        "department_id": str(clinic.department_id),
        "slot_minutes": "20",
        "valid_from": local_today().strftime("%d/%m/%Y"),
        "valid_until": "",
        **changed,
    }


def offered(browser: Browser, clinic: Clinic, **other: str) -> str:
    fields = {
        "step": "times",
        "patient": str(clinic.patient().patient.id),
        "department": str(clinic.department_id),
        "doctor": str(clinic.doctor_id),
        "day": tomorrow().strftime("%d/%m/%Y"),
        **other,
    }
    return browser.post("/appointments/new", **fields).text


def test_hours_are_entered_and_free_times_follow(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    path = f"/schedules/{clinic.doctor_id}"
    assert "Chưa có lịch" in admin.get(path)
    assert admin.post(f"{path}/hours", **form(clinic)).status_code == 303
    times = offered(admin, clinic)
    assert 'name="start" value="08:20"' in times
    assert 'name="start" value="10:00"' not in times
    again = admin.post(f"{path}/hours", **form(clinic))
    assert again.status_code == 409
    assert 'value="08:00"' in again.text
    wrong = admin.post(f"{path}/hours", **form(clinic, weekday=[], start_time="x", slot_minutes="vài", valid_from=""))
    assert wrong.status_code == 422
    for field in ("start_time", "slot_minutes", "valid_from"):
        assert f'href="#{field}"' in wrong.text
    assert 'href="#weekday"' in admin.post(f"{path}/hours", **form(clinic, weekday=[])).text
    midnight = admin.post(f"{path}/hours", **form(clinic, start_time="22:00", end_time="02:00"))
    assert midnight.status_code == 422
    assert 'href="#end_time"' in midnight.text


def test_one_days_hours_are_changed_and_taken_out(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    row = next(each for each in hours(clinic) if each.weekday == tomorrow().weekday())
    path = f"/schedules/{clinic.doctor_id}/hours/{row.id}"
    shown = sent_as_shown(admin.get(path))
    assert admin.post(path, **{**shown, "end_time": "09:00"}).status_code == 303
    assert 'name="start" value="09:00"' not in offered(admin, clinic)
    late = admin.post(path, **{**shown, "end_time": "09:30"})
    assert late.status_code == 412
    assert 'value="09:30"' in late.text, "what was typed stays"
    assert "<li><strong>Đến</strong>: 09:00</li>" in late.text, "and what is saved now stands beside it"
    assert sent_as_shown(late.text)["version"] == "2", "saving again saves it"
    assert admin.post(path, **{**sent_as_shown(admin.get(path)), "start_time": "12:00"}).status_code == 422
    assert admin.client.get(f"/schedules/{clinic.admin.id}/hours/{row.id}").status_code == 404
    assert admin.post(f"{path}/remove").status_code == 303
    assert 'name="start"' not in offered(admin, clinic)


def test_an_absence_names_the_appointments_and_each_is_moved_from_there(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    patient = clinic.patient().patient
    visit = clinic.appointment(patient.id)
    path = f"/schedules/{clinic.doctor_id}"
    sent = admin.post(f"{path}/exceptions", kind="away", reason="conference", first_day=tomorrow().strftime("%d/%m/%Y"))
    assert sent.status_code == 303
    assert sent.headers["Location"].endswith("#to-move")
    page = admin.get(path)
    assert patient.full_name in page
    assert f"/appointments/{visit.id}/move" in page
    assert str(patient.id) not in admin.get("/schedules")
    shown = sent_as_shown(admin.get(f"/appointments/{visit.id}/move", back=path))
    assert shown["back"] == path
    after = (tomorrow() + timedelta(days=1)).strftime("%d/%m/%Y")
    moved = admin.post(f"/appointments/{visit.id}/move", **{**shown, "day": after, "start": "10:00", "step": "move"})
    assert moved.status_code == 303, moved.text
    assert moved.headers["Location"].startswith(f"{path}?moved=")
    told = admin.get(moved.headers["Location"])
    assert "/undo" in told
    assert f"/appointments/{visit.id}/move" not in told
    with clinic.uow() as uow:
        row = appointment(uow=uow, appointment_id=visit.id)
        assert (row.appointment_date, row.start_time) == (tomorrow() + timedelta(days=1), time(10))
    move_id = moved.headers["Location"].partition("moved=")[2]
    undone = admin.post(f"/appointments/moves/{move_id}/undo", back=path)
    assert undone.headers["Location"] == path
    assert f"/appointments/{visit.id}/move" in admin.get(path)
    again = admin.post(f"/appointments/moves/{move_id}/undo", back="//elsewhere.example/schedules/")
    assert again.headers["Location"].startswith("/today")


def test_what_is_wrong_with_an_exception_stands_at_its_field(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    path = f"/schedules/{clinic.doctor_id}/exceptions"
    wrong = admin.post(path, kind="away", reason="", first_day="31/02/2027", from_time="x")
    assert wrong.status_code == 422
    assert 'href="#first_day"' in wrong.text
    assert 'href="#from_time"' in wrong.text
    extra = admin.post(path, kind="extra", extra_first=tomorrow().strftime("%d/%m/%Y"), extra_minutes="x")
    for field in ("extra_from", "extra_until", "extra_department", "extra_minutes"):
        assert f'href="#{field}"' in extra.text
    good = {"extra_from": "18:00", "extra_until": "19:00", "extra_minutes": "15"}
    good |= {"extra_first": tomorrow().strftime("%d/%m/%Y"), "extra_department": str(clinic.department_id)}
    assert admin.post(path, kind="extra", **good).status_code == 303
    assert 'name="start" value="18:15"' in offered(admin, clinic)
    with clinic.uow() as uow:
        (made,) = list_exceptions(uow=uow).items
    assert admin.post(f"{path}/{made.id}/remove").status_code == 303
    assert 'name="start" value="18:15"' not in offered(admin, clinic)


def test_a_doctor_enters_their_own_and_colleagues_do_not_read_why(
    sign_in: SignIn, clinics: tuple[Clinic, Clinic]
) -> None:
    clinic, other = clinics
    doctor, nurse, stranger = sign_in(clinic, "doctor"), sign_in(clinic, "nurse"), sign_in(other, "admin")
    own, theirs = f"/schedules/{doctor.user_id}", f"/schedules/{clinic.doctor_id}"
    day = tomorrow().strftime("%d/%m/%Y")
    sent = doctor.post(f"{own}/exceptions", kind="away", reason="sick", note="Sốt xuất huyết", first_day=day)
    assert sent.status_code == 303
    assert "Sốt xuất huyết" in doctor.get(own)
    assert "Sốt xuất huyết" not in nurse.get(own)
    assert "/exceptions" not in nurse.get(own)
    assert doctor.post(f"{theirs}/exceptions", kind="away", reason="sick", first_day=day).status_code == 403
    assert doctor.post(f"{own}/hours", **form(clinic)).status_code == 403
    assert nurse.post(f"{own}/exceptions", kind="away", reason="sick", first_day=day).status_code == 403
    assert stranger.client.get(own).status_code == 404
    assert nurse.client.get(f"/schedules/{nurse.user_id}").status_code == 404, "no doctor"


def test_the_desk_says_why_it_books_outside_the_hours(sign_in: SignIn, clinic: Clinic) -> None:
    hours(clinic)
    nurse = sign_in(clinic, "nurse")
    patient = clinic.patient().patient.id
    wish = {
        "step": "book",
        "patient": str(patient),
        "department": str(clinic.department_id),
        "doctor": str(clinic.doctor_id),
        "day": tomorrow().strftime("%d/%m/%Y"),
        "minutes": "30",
        "start": "15:00",
        "appointment_type": "follow_up",
        "all_hours": "1",
    }
    asked = nurse.post("/appointments/new", **wish)
    assert asked.status_code == 409
    assert 'href="#outside_reason"' in asked.text
    assert 'value="15:00" required checked' in asked.text
    assert nurse.post("/appointments/new", **wish, outside_reason="Bác sĩ đồng ý").status_code == 303
    inside = {**wish, "minutes": "", "start": "08:40", "all_hours": ""}
    assert nurse.post("/appointments/new", **inside).status_code == 303
    with clinic.uow() as uow:
        found = nurse.get("/today", day=str(tomorrow()), doctor="")
        assert "08:40" in found
        assert "09:00" in found, "twenty minutes, as the schedule says"
        assert list_schedules(uow=uow).items


def test_moving_by_the_page_refuses_what_cannot_be(sign_in: SignIn, clinic: Clinic) -> None:
    nurse = sign_in(clinic, "nurse")
    patient = clinic.patient().patient.id
    visit, standing = clinic.appointment(patient), clinic.appointment(patient, start="10:00", end="10:30")
    path = f"/appointments/{visit.id}/move"
    shown = sent_as_shown(nurse.get(path))
    later = nurse.post(path, **{**shown, "step": "later"}).text
    assert (tomorrow() + timedelta(days=1)).strftime("%d/%m/%Y") in later
    none = {**shown, "start": "", "step": "move"}
    assert nurse.post(path, **none).status_code == 422
    taken = nurse.post(path, **{**shown, "start": "10:00", "step": "move"})
    assert taken.status_code == 409
    away(clinic, start="13:00", end="17:00")
    outside = nurse.post(path, **{**shown, "start": "14:00", "step": "move"})
    assert outside.status_code == 409
    assert 'href="#outside_reason"' in outside.text
    done = nurse.post(path, **{**shown, "start": "14:00", "step": "move", "outside_reason": "Đã hẹn", "all_hours": "1"})
    assert done.status_code == 303
    assert "/undo" in nurse.get(done.headers["Location"])
    assert nurse.post(path, **{**shown, "start": "11:00", "step": "move"}).status_code == 412
    assert nurse.post(f"/appointments/{standing.id}/confirm", version="1").status_code == 303
    assert nurse.post(f"/appointments/{standing.id}/start", version="2").status_code == 303
    assert 'name="start"' not in nurse.get(f"/appointments/{standing.id}/move")


def test_the_pages_ask_little_whatever_there_is(sign_in: SignIn, clinic: Clinic, count_queries: Counting) -> None:
    admin = sign_in(clinic, "admin")
    hours(clinic)
    visit = clinic.appointment(clinic.patient().patient.id, start="08:00", end="08:20")
    for number in range(12):
        day = tomorrow() + timedelta(days=number)
        with clinic.uow() as uow:
            new = NewException(doctor_id=clinic.doctor_id, kind="away", reason="leave", first_day=day)
            add_exception(uow=uow, actor=clinic.admin, new=new)
            uow.commit()
    for path in ("/schedules", f"/schedules/{clinic.doctor_id}", f"/appointments/{visit.id}/move"):
        with count_queries() as counted:
            admin.get(path)
        assert counted.total <= 12, (path, counted.total, counted.statements)


def test_a_move_is_not_undone_into_a_department_that_closed(sign_in: SignIn, clinic: Clinic) -> None:
    """The database refuses it, and the page says so where the person is."""
    desk = sign_in(clinic, "receptionist")
    with clinic.uow() as uow:
        other = create_department(uow=uow, actor=clinic.admin, code="NHI", name="Khoa Nhi")
        uow.commit()
    visit = clinic.appointment(clinic.patient().patient.id)
    to = Destination(appointment_date=tomorrow(), start_time=time(10), end_time=time(10, 30), department_id=other.id)
    with clinic.uow() as uow:
        moved = move(uow=uow, actor=clinic.admin, appointment_id=visit.id, to=to, version=1)
        uow.session.execute(update(Department).where(Department.id == clinic.department_id).values(status="inactive"))
        uow.commit()
    undone = desk.post(f"/appointments/moves/{moved.move_id}/undo")
    assert undone.status_code == 303
    assert undone.headers["Location"].startswith("/today")
    with clinic.uow() as uow:
        assert appointment(uow=uow, appointment_id=visit.id).start_time == time(10)


def test_a_move_is_not_undone_to_a_doctor_who_has_left(sign_in: SignIn, clinic: Clinic) -> None:
    """Whoever cleared a doctor's days before the account was closed does not fill them again by an old page."""
    desk = sign_in(clinic, "receptionist")
    visit = clinic.appointment(clinic.patient().patient.id)
    with clinic.uow() as uow:
        second = add_user(uow, role="doctor", department_id=clinic.department_id)
        to = Destination(appointment_date=tomorrow(), start_time=time(9), end_time=time(9, 30), doctor_id=second)
        moved = move(uow=uow, actor=clinic.admin, appointment_id=visit.id, to=to, version=1)
        uow.session.execute(update(User).where(User.id == clinic.doctor_id).values(status="inactive"))
        uow.commit()
    undone = desk.post(f"/appointments/moves/{moved.move_id}/undo")
    assert undone.status_code == 303
    assert "bác sĩ hiện không làm việc ở đây" in desk.get(undone.headers["Location"])
    with clinic.uow() as uow:
        assert appointment(uow=uow, appointment_id=visit.id).doctor_id == second
