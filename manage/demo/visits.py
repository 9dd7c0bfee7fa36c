"""Writes appointments and lines into a demo hospital, as its people would have done it at the time."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from kernel.clock import local_today
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import new_row_id
from kernel.web.actor import Actor
from manage.demo import reminding
from manage.demo.hospitals import FERTILE, DemoDepartment
from manage.demo.hours import works
from manage.demo.people import Person
from manage.demo.waiting import arrivals_of
from manage.demo.week import Visit
from manage.demo.week import week_of as visits_of
from tenant_app.appointments.public import Booking, act, book
from tenant_app.queue.public import AlreadyWaiting, Arrival, step, take
from tenant_app.staff.public import PERMISSIONS


@dataclass(frozen=True, kw_only=True)
class Visits:
    """Fills doctors' weeks and departments' lines; `known` says who the patients are."""

    uow: UnitOfWork
    now: datetime
    chance: random.Random
    known: Mapping[UUID, Person]

    def week_of(
        self,
        number: int,
        doctor: UUID,
        department_id: UUID,
        department: DemoDepartment,
        patients: list[UUID],
        desk: Actor,
    ) -> None:
        """A doctor's appointments around today, of people who would come to the department."""
        treating = staff_actor(doctor, "", "doctor")
        today = local_today(self.now)
        suited = [patient_id for patient_id in patients[1:] if department.sees(self.known[patient_id], today=today)]
        # Nobody comes to one doctor twice on a day; where everybody has come, the doctor's day is over.
        still_to_come: dict[date, list[UUID]] = {}
        # On a Sunday there is an emergency service, so that today's page has something to show; else nobody is in.
        visits = [
            each
            for each in visits_of(number, now=self.now, chance=self.chance)
            if each.day == today or works(number, each.day, each.start, each.end)
        ]
        own = [] if number else self._of_one(visits, today=today)
        for visit in visits:
            others = still_to_come.setdefault(visit.day, self.chance.sample(suited, len(suited)))
            if visit not in own and not others:
                continue
            regular = works(number, visit.day, visit.start, visit.end)
            booking = Booking(
                patient_id=patients[0] if visit in own else others.pop(),
                doctor_id=doctor,
                department_id=department_id,
                appointment_date=visit.day,
                start_time=visit.start,
                end_time=visit.end,
                appointment_type=visit.kind,
                reason=self.chance.choice(department.reasons),
                outside_reason=None if regular else "Trực cấp cứu",
            )
            made = book(uow=self.uow, actor=desk, booking=booking, now=visit.booked_at)
            absent = reminding.missed(visit, now=self.now)
            if absent:
                reminding.note_missed(uow=self.uow, appointment_id=made.id, at=visit.actions[-1][1])
            for action, moment in () if absent else visit.actions:
                act(
                    uow=self.uow,
                    actor=desk if action in {"confirm", "cancel"} else treating,
                    appointment_id=made.id,
                    action=action,
                    reason=visit.cancellation if action == "cancel" else None,
                    now=moment,
                )

    def _of_one(self, visits: list[Visit], *, today: date) -> list[Visit]:
        """A visit ahead and one behind, for whoever looks at the demo as a patient: there is room to book another."""
        kept = [each for each in visits if each.cancellation is None]
        sides = ([each for each in kept if each.day > today], [each for each in kept if each.day < today])
        return [self.chance.choice(each) for each in sides if each]

    def line(
        self,
        room: str,
        department_id: UUID,
        department: DemoDepartment,
        patients: list[UUID],
        desk: Actor,
        nurse: Actor,
        *,
        last: UUID | None,
    ) -> None:
        """A morning's line; `last` came last. Whoever draws the same patient twice meets the number that is open."""
        came = list(arrivals_of(now=self.now, chance=self.chance))
        today = local_today(self.now)
        suited = [patient_id for patient_id in patients if department.sees(self.known[patient_id], today=today)]
        for each in came:
            patient_id = last if last and each is came[-1] else self.chance.choice(suited)
            somebody = self.known[patient_id]
            pregnant = somebody.gender == "female" and somebody.age(today) in FERTILE
            arrival = Arrival(
                patient_id=patient_id,
                department_id=department_id,
                priority=None if each.priority == "pregnant" and not pregnant else each.priority,
            )
            try:
                taken = take(uow=self.uow, actor=desk, arrival=arrival, now=each.came_at)
            except AlreadyWaiting:
                continue
            for action, moment in each.steps:
                step(uow=self.uow, actor=nurse, entry_id=taken.id, action=action, room=room, now=moment)


def staff_actor(account_id: UUID, name: str, role: str) -> Actor:
    """Somebody of a demo hospital, at work."""
    return Actor(
        kind="staff",
        id=account_id,
        session_id=new_row_id(),
        name=name,
        role=role,
        permissions=frozenset(PERMISSIONS),
    )
