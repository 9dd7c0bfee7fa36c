"""A working hospital for tests: people who act in it, a department, doctors, patients."""

from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlalchemy import select, update

from kernel.clock import local_today
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import new_row_id
from kernel.web.actor import Actor
from manage.demo.people import Person, person
from tenant_app.appointments.public import AppointmentRow, Booking, book
from tenant_app.patients.public import PatientRecord, Registration, register
from tenant_app.queue.public import Arrival, EntryRow, take
from tenant_app.staff.models import Department, Role, User, UserRole
from tenant_app.staff.permissions import ROLE_PERMISSIONS
from tests.support.hospitals import Hospital


def staff_actor(hospital: Hospital, user_id: UUID, *, role: str = "admin", name: str = "Nguyễn Thị Quản Trị") -> Actor:
    """Somebody signed in at a hospital, with what the role permits."""
    return Actor(
        kind="staff",
        id=user_id,
        session_id=new_row_id(),
        name=name,
        role=role,
        permissions=ROLE_PERMISSIONS[role],
        tenant=hospital.tenant,
    )


def patient_actor(hospital: Hospital, account_id: UUID) -> Actor:
    """A patient signed in at a hospital."""
    return Actor(
        kind="patient",
        id=account_id,
        session_id=new_row_id(),
        name="",
        role="patient",
        permissions=frozenset(),
        tenant=hospital.tenant,
    )


@dataclass(kw_only=True)
class Clinic:
    """A hospital with an active administrator, a department and doctors. `uow()` is under the staff portal's role."""

    hospital: Hospital
    admin: Actor
    department_id: UUID
    doctor_ids: list[UUID] = field(default_factory=list)

    def uow(self, purpose: str = "app") -> UnitOfWork:
        """A transaction on the hospital's database."""
        return self.hospital.unit_of_work(purpose)

    @property
    def doctor_id(self) -> UUID:
        """The first doctor."""
        return self.doctor_ids[0]

    def actor(self, role: str) -> Actor:
        """A colleague in a role, with an active account."""
        with self.uow() as uow:
            user_id = add_user(uow, role=role, department_id=self.department_id)
            uow.commit()
        return staff_actor(self.hospital, user_id, role=role)

    def patient(self, somebody: Person | None = None) -> PatientRecord:
        """A registered patient."""
        who = somebody or person()
        with self.uow() as uow:
            made = register(uow=uow, actor=self.admin, new=registration(who))
            uow.commit()
        return made

    def born(self, day: date = date(1990, 5, 17)) -> UUID:
        """A patient of an age, by default one whom no law lets go first; without a number, which would have to fit."""
        new = replace(registration(person()), date_of_birth=day, identifiers={})
        with self.uow() as uow:
            made = register(uow=uow, actor=self.admin, new=new)
            uow.commit()
        return made.patient.id

    def booking(
        self,
        patient_id: UUID,
        *,
        start: str = "09:00",
        end: str = "09:30",
        day: date | None = None,
        doctor_id: UUID | None = None,
        kind: Literal["consultation", "follow_up", "emergency"] = "consultation",
    ) -> Booking:
        """A wish for tomorrow, or for `day`."""
        return Booking(
            patient_id=patient_id,
            doctor_id=doctor_id or self.doctor_id,
            department_id=self.department_id,
            appointment_date=day or tomorrow(),
            start_time=time.fromisoformat(start),
            end_time=time.fromisoformat(end),
            appointment_type=kind,
        )

    def appointment(self, patient_id: UUID, *, start: str = "09:00", end: str = "09:30") -> AppointmentRow:
        """A booked appointment of tomorrow."""
        with self.uow() as uow:
            made = book(uow=uow, actor=self.admin, booking=self.booking(patient_id, start=start, end=end))
            uow.commit()
        return made

    def number(self, patient_id: UUID, **arrival: Any) -> EntryRow:
        """A number in the department's queue, given now."""
        with self.uow() as uow:
            came = Arrival(patient_id=patient_id, **{"department_id": self.department_id, **arrival})
            made = take(uow=uow, actor=self.admin, arrival=came)
            uow.commit()
        return made

    def somebody_waits(self) -> bool:
        """Whether a transaction on the hospital's database waits for another's lock."""
        with self.hospital.superuser() as connection:
            waiting = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).fetchone()
        return bool(waiting and waiting[0])


def open_clinic(hospital: Hospital, *, doctors: int = 1) -> Clinic:
    """The hospital's first administrator has joined; there are a department and doctors."""
    with hospital.unit_of_work() as uow:
        admin_id = uow.session.scalars(select(User.id).where(User.role == "admin")).one()
        uow.session.execute(update(User).where(User.id == admin_id).values(status="active"))
        department = Department(id=new_row_id(), code="NOI", name="Khoa Nội tổng hợp")
        uow.session.add(department)
        uow.flush()
        doctor_ids = [add_user(uow, role="doctor", department_id=department.id) for _ in range(doctors)]
        uow.commit()
    return Clinic(
        hospital=hospital,
        admin=staff_actor(hospital, admin_id),
        department_id=department.id,
        doctor_ids=doctor_ids,
    )


def add_user(uow: UnitOfWork, *, role: str, department_id: UUID | None = None, status: str = "active") -> UUID:
    """An account that has joined, without a password."""
    user = User(
        id=new_row_id(),
        username=f"{role.replace('_', '-')}-{uuid4().hex[:8]}",
        email=f"{uuid4().hex[:12]}@benhvien.example",
        full_name=person().full_name,
        role=role,
        department_id=department_id,
        status=status,
    )
    uow.session.add(user)
    uow.flush()
    role_id = uow.session.scalars(select(Role.id).where(Role.name == role)).one()
    uow.session.add(UserRole(id=new_row_id(), user_id=user.id, role_id=role_id))
    uow.flush()
    return user.id


def registration(who: Person) -> Registration:
    """Somebody as the desk writes them down."""
    return Registration(
        full_name=who.full_name,
        date_of_birth=who.date_of_birth,
        gender=who.gender,
        identifiers={"cccd": who.cccd},
        details={"phone": who.phone, "email": who.email},
    )


def tomorrow() -> date:
    """The next day in Việt Nam."""
    return local_today() + timedelta(days=1)
