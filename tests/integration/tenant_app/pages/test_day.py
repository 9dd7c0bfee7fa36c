"""The day's page: what stands there, for whom, and what its buttons do."""

from collections.abc import Callable
from datetime import time, timedelta
from uuid import UUID

from sqlalchemy import func, select

from kernel.clock import local_today
from kernel.ids import new_row_id
from tenant_app.appointments.models import Appointment
from tenant_app.appointments.public import act, book
from tenant_app.audit.public import AuditLog
from tests.support.clinic import Clinic, add_user, tomorrow
from tests.support.counting import Counting
from tests.support.staff_browser import Browser

SignIn = Callable[[Clinic, str], Browser]


def status_of(clinic: Clinic, appointment_id: UUID) -> str:
    with clinic.uow() as uow:
        return uow.session.scalars(select(Appointment.status).where(Appointment.id == appointment_id)).one()


def test_the_day_stands_by_time_with_counts_and_a_picture(sign_in: SignIn, clinic: Clinic) -> None:
    late, early = clinic.patient(), clinic.patient()
    clinic.appointment(late.patient.id, start="10:00", end="10:30")
    clinic.appointment(early.patient.id, start="08:00", end="08:30")
    page = sign_in(clinic, "nurse").get("/today", day=str(tomorrow()))
    assert page.index(early.patient.full_name) < page.index(late.patient.full_name)
    assert '<rect class="st-fill-scheduled"' in page
    assert "08:00" in page
    assert page.count("/confirm?") == 4, "each of the two has its form, with and without JavaScript"
    assert "/cancel" not in page, "a nurse may not cancel"


def test_days_and_their_filter_are_chosen_by_address(sign_in: SignIn, clinic: Clinic) -> None:
    patient = clinic.patient()
    clinic.appointment(patient.patient.id)
    with clinic.uow() as uow:
        other_doctor = add_user(uow, role="doctor", department_id=clinic.department_id)
        uow.commit()
    nurse = sign_in(clinic, "nurse")
    written = tomorrow().strftime("%d/%m/%Y")
    assert patient.patient.full_name in nurse.get("/today", day=written)
    assert patient.patient.full_name not in nurse.get("/today", day=str(tomorrow() + timedelta(days=1)))
    assert patient.patient.full_name in nurse.get("/today", day=written, doctor=str(clinic.doctor_id))
    assert patient.patient.full_name not in nurse.get("/today", day=written, doctor=str(other_doctor))
    wrong = nurse.get("/today", day="31/02/2026")
    assert 'id="day-error"' in wrong, "and today is shown meanwhile"


def test_a_doctor_sees_the_own_day_first(sign_in: SignIn, clinic: Clinic) -> None:
    patient = clinic.patient()
    clinic.appointment(patient.patient.id)
    doctor = sign_in(clinic, "doctor")
    day = str(tomorrow())
    assert patient.patient.full_name not in doctor.get("/today", day=day)
    assert patient.patient.full_name in doctor.get("/today", day=day, doctor="")


def test_an_empty_day_offers_the_next_step_to_those_who_may(sign_in: SignIn, clinic: Clinic) -> None:
    day = str(tomorrow())
    assert f"/appointments/new?day={day}" in sign_in(clinic, "nurse").get("/today", day=day)
    assert "/appointments/new" not in sign_in(clinic, "cashier").get("/today", day=day)


def test_a_visit_goes_its_way_by_the_buttons(sign_in: SignIn, clinic: Clinic) -> None:
    made = clinic.appointment(clinic.patient().patient.id)
    admin = sign_in(clinic, "admin")
    back = f"day={tomorrow()}&doctor=&department="
    for action, status in (("confirm", "confirmed"), ("start", "in_progress"), ("complete", "completed")):
        answer = admin.post(f"/appointments/{made.id}/{action}?{back}")
        assert answer.status_code == 303
        assert answer.location.startswith("/today?")
        assert str(tomorrow()) in answer.location
        assert status_of(clinic, made.id) == status
    assert "Đã khám xong" in admin.get(answer.location), "what was done is said once on the page"


def test_htmx_gets_the_day_as_it_is_now_and_a_message(sign_in: SignIn, clinic: Clinic) -> None:
    made = clinic.appointment(clinic.patient().patient.id)
    nurse = sign_in(clinic, "nurse")
    answer = nurse.part(f"/appointments/{made.id}/confirm?day={tomorrow()}", version=made.version)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert f"/appointments/{made.id}/start?" in answer.text
    assert '"tone": "success"' in answer.headers["HX-Trigger"]


def test_who_is_too_late_is_told_and_sees_how_it_stands(sign_in: SignIn, clinic: Clinic) -> None:
    made = clinic.appointment(clinic.patient().patient.id)
    nurse = sign_in(clinic, "nurse")
    path = f"/appointments/{made.id}/confirm?day={tomorrow()}"
    nurse.post(path, version=made.version)
    for version in (made.version, ""):
        answer = nurse.part(path, version=version)
        assert answer.status_code == 200
        assert '"tone": "warning"' in answer.headers["HX-Trigger"]
        assert f"/appointments/{made.id}/start?" in answer.text
    assert nurse.post(path).status_code == 303


def test_cancelling_asks_first_and_needs_a_reason(sign_in: SignIn, clinic: Clinic) -> None:
    patient = clinic.patient()
    made = clinic.appointment(patient.patient.id)
    desk = sign_in(clinic, "receptionist")
    question = desk.get(f"/appointments/{made.id}/cancel")
    assert patient.patient.full_name in question
    assert status_of(clinic, made.id) == "scheduled"
    empty = desk.post(f"/appointments/{made.id}/cancel", version=made.version)
    assert empty.status_code == 422
    assert 'id="reason-error"' in empty.text
    endless = desk.post(f"/appointments/{made.id}/cancel", version=made.version, other_reason="a" * 501)
    assert endless.status_code == 422
    done = desk.post(f"/appointments/{made.id}/cancel", version=made.version, reason="Bận", other_reason="đi xa")
    assert done.status_code == 303
    assert "Bận. đi xa" in desk.get("/today", day=str(tomorrow()))
    again = desk.post(f"/appointments/{made.id}/cancel", reason="Bận")
    assert again.status_code == 409
    stale = desk.post(f"/appointments/{made.id}/cancel", reason="Bận", version=made.version)
    assert stale.status_code == 412


def test_roles_see_and_do_no_more_than_they_may(sign_in: SignIn, clinic: Clinic) -> None:
    made = clinic.appointment(clinic.patient().patient.id)
    cashier = sign_in(clinic, "cashier")
    for action in ("confirm", "start", "complete", "cancel"):
        assert cashier.post(f"/appointments/{made.id}/{action}", reason="x").status_code == 403
    assert cashier.client.get(f"/appointments/{made.id}/cancel").status_code == 403
    assert status_of(clinic, made.id) == "scheduled"


def test_another_hospitals_appointment_does_not_exist(sign_in: SignIn, clinics: tuple[Clinic, Clinic]) -> None:
    ours, theirs = clinics
    made = theirs.appointment(theirs.patient().patient.id)
    admin = sign_in(ours, "admin")
    for action in ("confirm", "start", "complete", "cancel"):
        foreign = admin.post(f"/appointments/{made.id}/{action}", reason="x")
        unknown = admin.post(f"/appointments/{new_row_id()}/{action}", reason="x")
        nonsense = admin.post(f"/appointments/nonsense/{action}", reason="x")
        assert foreign.status_code == unknown.status_code == nonsense.status_code == 404
    assert admin.client.get(f"/appointments/{made.id}/cancel").status_code == 404
    assert status_of(theirs, made.id) == "scheduled"


def test_the_day_goes_on_paper_by_doctor_or_department(sign_in: SignIn, clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    with clinic.uow() as uow:
        second = add_user(uow, role="doctor", department_id=clinic.department_id)
        uow.commit()
    patients = [clinic.patient().patient for _ in range(3)]
    late, early = clinic.appointment(patients[0].id, start="10:00", end="10:30"), clinic.appointment(patients[1].id)
    with clinic.uow() as uow:
        booking = clinic.booking(patients[2].id, doctor_id=second)
        gone = book(uow=uow, actor=clinic.admin, booking=booking)
        uow.commit()
    nurse, stranger = sign_in(clinic, "nurse"), sign_in(other, "admin")
    day = {"day": str(tomorrow()), "doctor": ""}
    assert "/today/list?" in nurse.get("/today", **day)
    paper = nurse.get("/today/list", **day)
    assert paper.count('<section class="dl-sheet">') == 2
    assert paper.index(early.patient_code) < paper.index(late.patient_code)
    assert patients[2].patient_code in paper
    assert nurse.get("/today/list", **day, by="department").count('<section class="dl-sheet">') == 1
    own = nurse.get("/today/list", day=str(tomorrow()), doctor=str(clinic.doctor_id))
    assert patients[2].patient_code not in own
    with clinic.uow() as uow:
        act(uow=uow, actor=clinic.admin, appointment_id=gone.id, action="cancel", reason="Bận")
        uow.commit()
    assert patients[2].patient_code not in nurse.get("/today/list", **day), "who does not come is on no list"
    assert "dl-sheet" not in stranger.get("/today/list", **day)
    with clinic.uow() as uow:
        read = select(func.count()).select_from(AuditLog).where(AuditLog.action == "appointment.list")
        assert (uow.session.scalar(read) or 0) >= 5, "a list on paper is written down as one on the screen"


def test_an_appointment_goes_into_a_phones_calendar(sign_in: SignIn, clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    visit = clinic.appointment(clinic.patient().patient.id)
    nurse, stranger = sign_in(clinic, "nurse"), sign_in(other, "admin")
    path = f"/appointments/{visit.id}/calendar.ics"
    assert f'href="{path}"' in nurse.get(f"/appointments/{visit.id}/reminders")
    file = nurse.client.get(path)
    assert (file.status_code, file.mimetype) == (200, "text/calendar")
    assert f"hen-kham-{visit.appointment_code}.ics" in file.headers["Content-Disposition"]
    assert f"DTSTART;TZID=Asia/Ho_Chi_Minh:{visit.appointment_date:%Y%m%d}T090000\r\n" in file.text
    assert visit.patient_name not in file.text.replace("\r\n ", "")
    assert stranger.client.get(path).status_code == 404


def test_each_look_at_a_day_is_written_down(sign_in: SignIn, clinic: Clinic) -> None:
    nurse = sign_in(clinic, "nurse")
    nurse.get("/today")
    with clinic.uow() as uow:
        written = uow.session.scalars(select(AuditLog.action).where(AuditLog.user_id == nurse.user_id)).all()
    assert "appointment.list" in written


def test_a_full_day_asks_no_more_than_an_empty_one(sign_in: SignIn, clinic: Clinic, count_queries: Counting) -> None:
    admin = sign_in(clinic, "admin")
    day = str(tomorrow())
    admin.get("/today", day=day)
    with count_queries() as empty:
        admin.get("/today", day=day)
    for hour in range(7, 17):
        clinic.appointment(clinic.patient().patient.id, start=f"{hour:02}:00", end=f"{hour:02}:30")
    with count_queries() as full:
        page = admin.get("/today", day=day)
    assert page.count('class="st-slot') == 10
    assert full.total == empty.total
    assert full.total <= 9, "one of them for the filters that are saved"


def test_the_present_moment_is_marked_on_today(sign_in: SignIn, clinic: Clinic) -> None:
    patient = clinic.patient()
    with clinic.uow() as uow:
        uow.session.add(
            Appointment(
                id=new_row_id(),
                patient_id=patient.patient.id,
                doctor_id=clinic.doctor_id,
                department_id=clinic.department_id,
                appointment_date=local_today(),
                start_time=time(0),
                end_time=time(0, 15),
                appointment_type="emergency",
            )
        )
        uow.commit()
    page = sign_in(clinic, "nurse").get("/today")
    assert "st-now" in page
    assert "st-is-next" in page
    assert page.index("st-next-item") < page.index("st-slot")
