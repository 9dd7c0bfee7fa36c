"""Departments change, move in the lists, and close only when nothing hangs on them, whoever books at that moment."""

import threading
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError

from kernel.clock import local_today
from kernel.database.violations import violated
from kernel.errors import InvalidFields, NotFound, PreconditionFailed, SokhamError
from kernel.ids import new_row_id
from tenant_app.appointments.models import Appointment
from tenant_app.appointments.public import act, book
from tenant_app.audit.models import AuditLog
from tenant_app.queue.public import step
from tenant_app.schedules.models import DoctorSchedule
from tenant_app.staff.errors import DepartmentClosed, DepartmentInUse
from tenant_app.staff.models import Department, User
from tenant_app.staff.public import (
    change_department,
    close_department,
    deactivate,
    department,
    hanging_on,
    list_departments,
    move_department,
    open_department,
    order_departments,
    reactivate,
)
from tests.support.clinic import Clinic, add_user
from tests.support.waiting import wait_until

Call = Callable[[str], Callable[..., Any]]


@pytest.fixture
def spare(clinic: Clinic) -> UUID:
    """A second department, on which nothing hangs."""
    with clinic.uow() as uow:
        made = Department(id=new_row_id(), code="XN", name="Khoa Xét nghiệm")
        uow.session.add(made)
        uow.commit()
        return made.id


def close(clinic: Clinic, department_id: UUID) -> None:
    with clinic.uow() as uow:
        close_department(uow=uow, actor=clinic.admin, department_id=department_id)
        uow.commit()


def status_of(clinic: Clinic, department_id: UUID) -> str:
    with clinic.uow() as uow:
        return department(uow=uow, department_id=department_id).status


def test_it_is_renamed_with_what_was_before(clinic: Clinic, spare: UUID) -> None:
    with clinic.uow() as uow:
        wanted: dict[str, Any] = {"department_id": spare, "version": 1, "name": " Khoa  Sinh hóa ", "description": ""}
        change_department(uow=uow, actor=clinic.admin, **wanted)
        with pytest.raises(PreconditionFailed):
            change_department(uow=uow, actor=clinic.admin, **wanted)
        for wrong in ({"name": " "}, {"name": "x" * 256}, {"description": "x" * 2001}):
            with pytest.raises(InvalidFields):
                change_department(uow=uow, actor=clinic.admin, **{**wanted, "version": 2, **wrong})
        uow.commit()
        row = department(uow=uow, department_id=spare)
        assert (row.name, row.description, row.code, row.version) == ("Khoa Sinh hóa", None, "XN", 2)
        noted = uow.session.execute(
            select(AuditLog.old_values, AuditLog.new_values).where(AuditLog.action == "department.change")
        ).all()
        assert noted == [({"name": "Khoa Xét nghiệm"}, {"name": "Khoa Sinh hóa"})]


def test_lists_follow_the_hospitals_order(clinic: Clinic, spare: UUID) -> None:
    def codes() -> list[str]:
        with clinic.uow() as uow:
            first = list_departments(uow=uow, limit=1)
            rest = list_departments(uow=uow, limit=5, cursor=first.next_cursor)
            return [row.code for row in (*first.items, *rest.items)]

    assert codes() == ["NOI", "XN"]
    with clinic.uow() as uow:
        move_department(uow=uow, actor=clinic.admin, department_id=spare, up=True)
        move_department(uow=uow, actor=clinic.admin, department_id=spare, up=True)
        uow.commit()
    assert codes() == ["XN", "NOI"]
    with clinic.uow() as uow:
        order_departments(uow=uow, actor=clinic.admin, ids=[clinic.department_id, spare])
        for wrong in ([spare], [spare, spare], [spare, clinic.department_id, new_row_id()]):
            with pytest.raises(InvalidFields):
                order_departments(uow=uow, actor=clinic.admin, ids=wrong)
        with pytest.raises(NotFound):
            move_department(uow=uow, actor=clinic.admin, department_id=new_row_id(), up=True)
        uow.commit()
    assert codes() == ["NOI", "XN"]


def test_what_hangs_on_it_keeps_it_open(clinic: Clinic) -> None:
    visit = clinic.appointment(clinic.patient().patient.id)
    number = clinic.number(clinic.patient().patient.id)
    with clinic.uow() as uow:
        hours = DoctorSchedule(
            id=new_row_id(),
            doctor_id=clinic.doctor_id,
            department_id=clinic.department_id,
            weekday=0,
            start_time=time(7),
            end_time=time(11),
            slot_minutes=15,
            valid_from=local_today() - timedelta(days=30),
        )
        uow.session.add(hours)
        uow.commit()
    with clinic.uow() as uow, pytest.raises(DepartmentInUse) as refused:
        close_department(uow=uow, actor=clinic.admin, department_id=clinic.department_id)
    assert refused.value.data == {"staff": 1, "appointments": 1, "waiting": 1, "schedules": 1}
    with clinic.uow() as uow:
        act(uow=uow, actor=clinic.admin, appointment_id=visit.id, action="cancel", reason="Khoa đóng")
        step(uow=uow, actor=clinic.admin, entry_id=number.id, action="leave")
        uow.session.execute(
            update(DoctorSchedule).values(valid_until=local_today() - timedelta(days=1)),
            execution_options={"synchronize_session": False},
        )
        deactivate(uow=uow, actor=clinic.admin, user_id=clinic.doctor_id)
        uow.commit()
        assert not hanging_on(uow=uow, department_id=clinic.department_id).anything
    close(clinic, clinic.department_id)
    close(clinic, clinic.department_id)
    assert status_of(clinic, clinic.department_id) == "inactive"
    with clinic.uow() as uow, pytest.raises(DepartmentClosed):
        reactivate(uow=uow, actor=clinic.admin, user_id=clinic.doctor_id)
    with clinic.uow() as uow:
        open_department(uow=uow, actor=clinic.admin, department_id=clinic.department_id)
        reactivate(uow=uow, actor=clinic.admin, user_id=clinic.doctor_id)
        uow.commit()
    assert status_of(clinic, clinic.department_id) == "active"


@pytest.mark.parametrize("purpose", ["app", "portal"])
def test_the_database_refuses_an_appointment_in_a_closed_department(clinic: Clinic, spare: UUID, purpose: str) -> None:
    """Whatever the program forgot to ask, and although the portal's role may lock no department."""
    patient = clinic.patient().patient
    close(clinic, spare)
    made = appointment(clinic, patient.id, spare)
    made["source"] = "web_portal" if purpose == "portal" else "hospital_staff"
    with clinic.uow(purpose) as uow:
        if purpose == "portal":
            uow.session.execute(text("SELECT set_config('sokham.patient', :id, true)"), {"id": str(patient.id)})
        with pytest.raises(IntegrityError) as refused:
            uow.session.execute(insert(Appointment).inline().values(**made))
    assert violated(refused.value) == "ck_departments_open"


def appointment(clinic: Clinic, patient_id: UUID, department_id: UUID) -> dict[str, Any]:
    """A row as the portal writes it."""
    return {
        "id": new_row_id(),
        "patient_id": patient_id,
        "doctor_id": clinic.doctor_id,
        "department_id": department_id,
        "appointment_date": date(2031, 1, 6),
        "start_time": time(9),
        "end_time": time(9, 30),
        "appointment_type": "consultation",
        "status": "scheduled",
    }


def test_who_books_while_it_is_closed_is_refused(clinic: Clinic, spare: UUID) -> None:
    """The closing is under way: the booking waits for it, and is refused once it has committed."""
    patient = clinic.patient().patient.id
    booking = clinic.booking(patient)
    errors: list[SokhamError] = []

    def attempt() -> None:
        with clinic.uow() as uow:
            try:
                book(uow=uow, actor=clinic.admin, booking=type(booking)(**{**as_dict(booking), "department_id": spare}))
                uow.commit()
            except SokhamError as err:
                errors.append(err)

    with clinic.uow() as closing:
        close_department(uow=closing, actor=clinic.admin, department_id=spare)
        thread = threading.Thread(target=attempt)
        thread.start()
        waits(clinic)
        closing.commit()
        thread.join()
    assert [type(error) for error in errors] in ([DepartmentClosed], [InvalidFields])
    with clinic.uow() as uow:
        assert uow.session.scalars(select(Appointment.id)).all() == []


def test_who_closes_while_somebody_books_is_told(clinic: Clinic, spare: UUID) -> None:
    """The booking is under way: the closing waits for it, and sees the appointment."""
    patient = clinic.patient().patient.id
    booking = clinic.booking(patient)
    refused: list[DepartmentInUse] = []

    def attempt() -> None:
        try:
            close(clinic, spare)
        except DepartmentInUse as err:
            refused.append(err)

    with clinic.uow() as uow:
        book(uow=uow, actor=clinic.admin, booking=type(booking)(**{**as_dict(booking), "department_id": spare}))
        thread = threading.Thread(target=attempt)
        thread.start()
        waits(clinic)
        uow.commit()
        thread.join()
    assert [error.data["appointments"] for error in refused] == [1]
    assert status_of(clinic, spare) == "active"


def as_dict(booking: Any) -> dict[str, Any]:
    return {name: getattr(booking, name) for name in booking.__slots__}


def waits(clinic: Clinic) -> None:
    """Until somebody waits for a lock in this hospital's database."""
    asked = "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with clinic.hospital.superuser() as connection:
        wait_until(lambda: connection.execute(asked).fetchone() == (True,), seconds=30, what="somebody who waits")


def test_people_and_numbers_keep_out_of_a_closed_department(clinic: Clinic, spare: UUID) -> None:
    close(clinic, spare)
    with clinic.uow() as uow, pytest.raises(IntegrityError):
        add_user(uow, role="nurse", department_id=spare)
    with clinic.uow() as uow, pytest.raises(IntegrityError):
        uow.session.execute(update(User).where(User.id == clinic.doctor_id).values(department_id=spare))
    patient = clinic.patient().patient.id
    with pytest.raises(InvalidFields):
        clinic.number(patient, department_id=spare)


def test_departments_over_the_api(call: Call, clinics: tuple[Clinic, Clinic], spare: UUID) -> None:
    clinic, _ = clinics
    admin, other = call("admin"), call("other")
    place = f"/departments/{spare}"
    shown = admin("GET", place)
    assert (shown.get_json()["name"], shown.headers["ETag"]) == ("Khoa Xét nghiệm", '"1"')
    assert admin("PATCH", place, {"name": "Khoa Sinh hóa"}).status_code == 428
    changed = admin("PATCH", place, {"name": "Khoa Sinh hóa"}, If_Match='"1"')
    assert (changed.get_json()["name"], changed.headers["ETag"]) == ("Khoa Sinh hóa", '"2"')
    assert admin("PATCH", place, {"name": "x"}, If_Match='"1"').status_code == 412
    ordered = admin("PUT", "/departments/order", {"ids": [str(spare), str(clinic.department_id)]})
    assert [row["code"] for row in ordered.get_json()["items"]] == ["XN", "NOI"]
    kept = admin("POST", f"/departments/{clinic.department_id}/close")
    assert (kept.status_code, kept.get_json()["code"]) == (409, "department_in_use")
    hanging = admin("GET", f"/departments/{clinic.department_id}/hanging").get_json()
    assert hanging["staff"] == kept.get_json()["staff"] > 0
    assert admin("POST", f"{place}/close", If_Match='"1"').status_code == 412
    assert admin("POST", f"{place}/close").get_json()["status"] == "inactive"
    assert admin("POST", f"{place}/open").get_json()["status"] == "active"
    for method, path in (("GET", place), ("POST", f"{place}/close"), ("GET", f"{place}/hanging")):
        assert other(method, path).status_code == 404
        if path != place:
            assert call("doctor")(method, path).status_code == 403
    assert other("PUT", "/departments/order", {"ids": [str(spare)]}).status_code == 422
