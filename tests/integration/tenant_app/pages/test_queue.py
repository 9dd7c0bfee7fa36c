"""The queue's pages: a number at the desk, the line and its buttons, the figures, the screen in the waiting room."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import func, select

from kernel.ids import new_row_id
from tenant_app.audit.models import AuditLog
from tenant_app.queue.models import QueueEntry
from tenant_app.queue.public import call_next, masked_name
from tenant_app.staff.models import Department
from tests.support.clinic import Clinic
from tests.support.counting import Counting
from tests.support.staff_browser import Browser, sent_as_shown

SignIn = Callable[[Clinic, str], Browser]


def status_of(clinic: Clinic, entry_id: UUID) -> str:
    with clinic.uow() as uow:
        return uow.session.scalars(select(QueueEntry.status).where(QueueEntry.id == entry_id)).one()


def test_a_number_is_given_from_the_search_in_three_steps(sign_in: SignIn, clinic: Clinic) -> None:
    patient = clinic.patient().patient
    desk = sign_in(clinic, "receptionist")
    assert "/queue/new" in desk.get("/queue")
    found = desk.part("/patients", query=patient.patient_code).text
    assert f"/queue/new?patient={patient.id}" in found
    form = sent_as_shown(desk.get("/queue/new", patient=str(patient.id)))
    assert form["priority"] in {"none", "child", "elder"}
    given = desk.post("/queue/new", **{**form, "department": str(clinic.department_id)})
    assert given.status_code == 303
    ticket = desk.get(given.location)
    assert '<p class="qu-ticket-number" translate="no">1</p>' in ticket
    assert masked_name(patient.full_name) in ticket
    assert patient.full_name not in ticket, "of the name only what is needed"
    again = desk.post("/queue/new", **{**form, "department": str(clinic.department_id)})
    assert again.status_code == 409
    assert given.location in again.text, "and leads to the ticket that there is"


def test_a_missing_or_foreign_department_is_named(sign_in: SignIn, clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    patient = str(clinic.patient().patient.id)
    desk = sign_in(clinic, "receptionist")
    for department in ("", str(other.department_id)):
        refused = desk.post("/queue/new", patient=patient, department=department, priority="none")
        assert refused.status_code == 422
        assert 'id="department-error"' in refused.text
    theirs = str(other.patient().patient.id)
    assert desk.client.get("/queue/new", query_string={"patient": theirs}).status_code == 404
    assert desk.client.get(f"/queue/{other.department_id}").status_code == 404
    assert desk.client.get(f"/queue/{other.department_id}/wall").status_code == 404


def test_the_line_goes_by_its_buttons(sign_in: SignIn, clinic: Clinic) -> None:
    first, second = clinic.number(clinic.patient().patient.id), clinic.number(clinic.patient().patient.id)
    doctor = sign_in(clinic, "doctor")
    place = f"/queue/{clinic.department_id}"
    assert first.patient_name in doctor.get(place)
    assert doctor.post(f"{place}/call-next", room="P.7").location == place
    with clinic.uow() as uow:
        called = uow.session.scalars(select(QueueEntry).where(QueueEntry.status == "called")).one()
        assert (called.room, called.doctor_id) == ("P.7", doctor.user_id)
    assert 'value="P.7"' in doctor.get(place), "the room is remembered"
    other = second if called.id == first.id else first
    assert doctor.post(f"/queue/numbers/{other.id}/call").status_code == 303
    with clinic.uow() as uow:
        assert uow.session.get_one(QueueEntry, other.id).room == "P.7", "without JavaScript it is the last one's"
    undone = doctor.part(f"/queue/numbers/{other.id}/undo")
    assert '"tone": "success"' in undone.headers["HX-Trigger"]
    assert status_of(clinic, other.id) == "waiting"
    for action, status in (("recall", "called"), ("start", "in_room"), ("finish", "done")):
        part = doctor.part(f"/queue/numbers/{called.id}/{action}")
        assert part.status_code == 200
        assert "<html" not in part.text
        assert status_of(clinic, called.id) == status
    late = doctor.part(f"/queue/numbers/{called.id}/start")
    assert '"tone": "warning"' in late.headers["HX-Trigger"]
    assert doctor.post(f"/queue/numbers/{other.id}/leave").status_code == 303
    empty = doctor.part(f"{place}/call-next", room="P.7")
    assert '"tone": "warning"' in empty.headers["HX-Trigger"]
    assert doctor.post(f"/queue/numbers/{other.id}/forget").status_code == 404


def test_a_room_that_is_too_long_comes_back_to_its_field(sign_in: SignIn, clinic: Clinic) -> None:
    entry = clinic.number(clinic.patient().patient.id)
    doctor = sign_in(clinic, "doctor")
    refused = doctor.post(f"/queue/{clinic.department_id}/call-next", room="x" * 21)
    assert refused.status_code == 422
    assert 'id="room-error"' in refused.text
    assert status_of(clinic, entry.id) == "waiting"


def test_sending_on_asks_where_to(sign_in: SignIn, clinic: Clinic) -> None:
    with clinic.uow() as uow:
        there = Department(id=new_row_id(), code="XN", name="Khoa Xét nghiệm")
        uow.session.add(there)
        uow.commit()
        there_id = str(there.id)
    entry = clinic.number(clinic.patient().patient.id)
    nurse = sign_in(clinic, "nurse")
    path = f"/queue/numbers/{entry.id}/transfer"
    assert "Khoa Xét nghiệm" in nurse.get(path)
    assert nurse.post(path, department="").status_code == 422
    late = nurse.post(path, department=there_id, version="9")
    assert late.status_code == 412
    assert sent_as_shown(late.text)["department"] == there_id, "the choice stays"
    sent = nurse.post(path, department=there_id)
    assert sent.status_code == 303
    assert "Khoa Xét nghiệm" in nurse.get(sent.location)
    assert nurse.post(path, department=there_id).status_code == 409


def test_a_line_is_not_read_unseen_by_a_header(sign_in: SignIn, clinic: Clinic) -> None:
    """Refreshing is not written down each time; but only of a line that the person opened in this browser."""

    def written() -> int:
        with clinic.uow() as uow:
            rows = select(func.count()).select_from(AuditLog).where(AuditLog.action == "queue.list")
            return uow.session.scalar(rows) or 0

    entry = clinic.number(clinic.patient().patient.id)
    curious, nurse = sign_in(clinic, "cashier"), sign_in(clinic, "nurse")
    path, part = f"/queue/{clinic.department_id}", {"HX-Request": "true"}
    assert entry.patient_name in curious.client.get(path, headers=part).text
    assert written() == 1
    nurse.get(path)
    for _ in range(3):
        assert nurse.client.get(path, headers=part).status_code == 200
    assert written() == 2


def test_roles_see_and_do_no_more_than_they_may(sign_in: SignIn, clinic: Clinic) -> None:
    entry = clinic.number(clinic.patient().patient.id)
    cashier, desk = sign_in(clinic, "cashier"), sign_in(clinic, "receptionist")
    page = cashier.get(f"/queue/{clinic.department_id}")
    assert "/call-next" not in page
    assert '<form method="post" action="/queue' not in page
    for action in ("call", "recall", "start", "miss", "finish", "leave", "transfer", "undo"):
        assert cashier.post(f"/queue/numbers/{entry.id}/{action}").status_code == 403
    assert cashier.client.get("/queue/new").status_code == 403
    assert desk.post(f"/queue/{clinic.department_id}/call-next").status_code == 403
    assert "/leave" in desk.get(f"/queue/{clinic.department_id}")


def test_the_screen_shows_numbers_and_rooms_and_no_names(sign_in: SignIn, clinic: Clinic) -> None:
    patients = [clinic.patient().patient for _ in range(3)]
    for patient in patients:
        clinic.number(patient.id, priority="none")
    viewer = sign_in(clinic, "cashier")
    wall = f"/queue/{clinic.department_id}/wall"
    assert "qu-wall-none" in viewer.get(wall)
    with clinic.uow() as uow:
        call_next(uow=uow, actor=clinic.admin, department_id=clinic.department_id, room="P.3")
        uow.commit()
    with clinic.uow() as uow:
        before = uow.session.scalar(select(func.count()).select_from(AuditLog))
    page = viewer.get(wall)
    assert masked_name(patients[0].full_name) in page
    assert "P.3" in page
    assert "sk-nav" not in page
    for patient in patients:
        assert patient.full_name not in page
        assert str(patient.id) not in page
        assert patient.patient_code not in page
    part = viewer.client.get(wall, headers={"HX-Request": "true"}).text
    assert "<html" not in part
    with clinic.uow() as uow:
        assert uow.session.scalar(select(func.count()).select_from(AuditLog)) == before


def test_the_figures_stand_as_a_picture_and_as_a_table(sign_in: SignIn, clinic: Clinic) -> None:
    clinic.number(clinic.patient().patient.id)
    viewer = sign_in(clinic, "cashier")
    assert '<svg class="qu-chart"' in viewer.get("/queue")
    with clinic.uow() as uow:
        call_next(uow=uow, actor=clinic.admin, department_id=clinic.department_id)
        uow.commit()
    page = viewer.get("/queue")
    assert '<rect class="qu-bar"' in page
    assert f"/queue/{clinic.department_id}" in page


def test_pages_ask_little(sign_in: SignIn, clinic: Clinic, count_queries: Counting) -> None:
    entries = [clinic.number(clinic.patient().patient.id) for _ in range(4)]
    doctor = sign_in(clinic, "doctor")
    patient = str(entries[0].patient_id)
    for path in (
        "/queue",
        f"/queue/{clinic.department_id}",
        f"/queue/{clinic.department_id}/wall",
        f"/queue/new?patient={patient}",
        f"/queue/numbers/{entries[0].id}",
        f"/queue/numbers/{entries[0].id}/transfer",
    ):
        doctor.get(path)
        with count_queries() as counted:
            doctor.get(path)
        assert counted.total <= 12, (path, counted.statements)
