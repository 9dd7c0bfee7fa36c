"""What somebody who sees their own departments finds on the pages, and how an administrator says who does."""

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import update

from tenant_app.appointments.public import book
from tenant_app.staff.models import User
from tenant_app.staff.public import list_roles
from tests.support.clinic import Clinic, tomorrow
from tests.support.counting import count_statements
from tests.support.departments import elsewhere
from tests.support.staff_browser import Browser

SignIn = Callable[[Clinic, str], Browser]


def test_the_pages_say_what_is_shown_and_show_nothing_else(sign_in: SignIn, clinic: Clinic) -> None:
    there = elsewhere(clinic)
    mine = clinic.appointment(there.patient_id)
    nurse, desk = sign_in(clinic, "nurse"), sign_in(clinic, "receptionist")
    day = tomorrow().strftime("%d/%m/%Y")
    for path in (f"/today?day={day}", f"/calendar?view=day&day={day}", "/queue"):
        with count_statements() as statements:
            page = nurse.get(path)
        assert statements.total <= 12, path
        assert "Bạn đang xem: Khoa Nội tổng hợp" in page
        assert "Khoa Tim mạch" not in page
        assert not [word for word in there.words if word in page], path
        whole = desk.get(path)
        assert "Khoa Tim mạch" in whole
        assert "Bạn đang xem" not in whole
    assert str(mine.id) in nurse.get(f"/today?day={day}")
    patient = nurse.get(f"/patients/{there.patient_id}")
    assert str(mine.id) in patient
    assert str(there.appointment.id) not in patient, "the card is open, the appointment is another department's"
    chosen = nurse.get(f"/appointments/new?patient={there.patient_id}")
    assert "Khoa Tim mạch" not in chosen
    waits = clinic.number(clinic.born())
    assert "Khoa Tim mạch" in nurse.get(f"/queue/numbers/{waits.id}/transfer"), "people are sent on everywhere"


def test_a_doctor_taken_in_another_department_is_shown_as_taken(sign_in: SignIn, clinic: Clinic) -> None:
    there = elsewhere(clinic)
    patient = clinic.patient()
    wish = clinic.booking(patient.patient.id, start="08:00", end="08:30")
    with clinic.uow() as uow:
        book(uow=uow, actor=clinic.admin, booking=replace(wish, department_id=there.department_id))
        uow.commit()
    page = sign_in(clinic, "nurse").get(f"/calendar?view=day&day={tomorrow():%d/%m/%Y}&doctor={clinic.doctor_id}")
    assert "ca-elsewhere" in page
    assert patient.patient.full_name not in page
    assert 'data-start="08:00"' not in page


def test_whoever_has_no_department_is_told_so(sign_in: SignIn, clinic: Clinic) -> None:
    nurse = sign_in(clinic, "nurse")
    with clinic.uow() as uow:
        uow.session.execute(update(User).where(User.id == nurse.user_id).values(department_id=None))
        uow.commit()
    for path in ("/today", "/calendar", "/queue", f"/queue/new?patient={clinic.patient().patient.id}"):
        assert "Bạn chưa thuộc khoa nào" in nurse.get(path), path


def test_an_administrator_says_where_a_role_holds(sign_in: SignIn, clinic: Clinic) -> None:
    admin, nurse = sign_in(clinic, "admin"), sign_in(clinic, "nurse")
    there = elsewhere(clinic)
    with clinic.uow() as uow:
        roles = {each.name: each for each in list_roles(uow=uow)}
    at = f"/roles/{roles['nurse'].id}"
    assert 'name="reach"' in admin.get(at)
    assert 'name="reach"' not in admin.get(f"/roles/{roles['admin'].id}"), "they always see the whole hospital"
    assert nurse.client.get(f"/queue/{there.department_id}").status_code == 404
    sent = {"version": "1", "description": "", "permissions": roles["nurse"].permissions}
    answer = admin.client.post(at, data={"csrf_token": admin.token(), **sent, "reach": "hospital"})
    assert answer.status_code == 303, answer.text
    assert nurse.client.get(f"/queue/{there.department_id}").status_code == 200, "from the next click on"
    late = admin.client.post(at, data={"csrf_token": admin.token(), **sent, "reach": "departments"})
    assert late.status_code == 412
    assert "Toàn bệnh viện" in late.text, "what is there now"
