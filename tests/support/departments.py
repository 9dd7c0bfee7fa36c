"""A second department beside a clinic's own, with a doctor, an appointment and numbers; and people whose reach ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import time
from uuid import UUID

from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import new_row_id
from tenant_app.appointments.public import AppointmentRow, Destination, book, move
from tenant_app.queue.public import EntryRow
from tenant_app.reach.public import Reach
from tenant_app.reach.rows import limit
from tenant_app.staff.models import Department
from tests.support.clinic import Clinic, add_user, tomorrow

SECRET = "Khám lại ở khoa kia"


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """Another department of the same hospital, and what belongs to it; the appointment was moved once."""

    department_id: UUID
    doctor_id: UUID
    patient_id: UUID
    appointment: AppointmentRow
    entry: EntryRow
    move_id: UUID

    @property
    def ids(self) -> dict[str, UUID]:
        """By the names that routes give them."""
        return {
            "patient_id": self.patient_id,
            "appointment_id": self.appointment.id,
            "entry_id": self.entry.id,
            "department_id": self.department_id,
            "move_id": self.move_id,
        }

    @property
    def words(self) -> tuple[str, ...]:
        """What stands on no page of somebody who does not see the department."""
        return str(self.appointment.id), str(self.entry.id), self.appointment.appointment_code, SECRET


def elsewhere(clinic: Clinic, *, code: str = "TIM", name: str = "Khoa Tim mạch") -> Elsewhere:
    """Open it."""
    with clinic.uow() as uow:
        department = Department(id=new_row_id(), code=code, name=name)
        uow.session.add(department)
        uow.flush()
        department_id = department.id
        doctor_id = add_user(uow, role="doctor", department_id=department_id)
        uow.commit()
    patient_id = clinic.patient().patient.id
    wish = clinic.booking(patient_id, start="14:00", end="14:30", doctor_id=doctor_id)
    with clinic.uow() as uow:
        wanted = replace(wish, department_id=department_id, reason=SECRET)
        made = book(uow=uow, actor=clinic.admin, booking=wanted)
        where = Destination(
            appointment_date=tomorrow(), start_time=time(15), end_time=time(15, 30), department_id=department_id
        )
        moved = move(uow=uow, actor=clinic.admin, appointment_id=made.id, to=where, version=made.version)
        uow.commit()
    assert moved.move_id is not None
    return Elsewhere(
        department_id=department_id,
        doctor_id=doctor_id,
        patient_id=patient_id,
        appointment=moved.row,
        entry=clinic.number(patient_id, department_id=department_id),
        move_id=moved.move_id,
    )


@contextmanager
def limited(clinic: Clinic, user_id: UUID, *departments: UUID) -> Iterator[UnitOfWork]:
    """A transaction of somebody who sees these departments, as the gatekeeper begins it."""
    with clinic.uow() as uow:
        limit(uow, Reach(user_id=user_id, departments=frozenset(departments)))
        yield uow
