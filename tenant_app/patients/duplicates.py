"""Patients who may be the person whom somebody is about to register."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import Select, select, union_all

from kernel.database.unit_of_work import UnitOfWork
from kernel.text import search_key
from kernel.web.actor import Actor
from tenant_app.audit.service import record
from tenant_app.patients import queries
from tenant_app.patients.likeness import Person, likeness, weight
from tenant_app.patients.models import Patient

MOST: Final = 5
# Of each way to look: a name or a phone that more people share tells nobody apart.
_CANDIDATES: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Alike:
    """A patient, and why they may be the same person (see `likeness`)."""

    patient: queries.PatientRow
    reasons: tuple[str, ...]


def alike(
    *, uow: UnitOfWork, actor: Actor, full_name: str, date_of_birth: date | None = None, phone: str | None = None
) -> list[Alike]:
    """At most five patients who may be this person, the likeliest first, with the audit row of this look.

    Two statements, by index. Without a date of birth and a phone, or without a name, there is nothing to tell by.
    """
    sought = Person(name=full_name, born=date_of_birth, phone=phone)
    if not search_key(full_name) or not (date_of_birth or phone):
        return []
    reasons = {
        row.id: found
        for row in uow.session.execute(_candidates(sought))
        if (found := likeness(sought, Person(name=row.full_name, born=row.date_of_birth, phone=row.phone)))
    }
    best = sorted(reasons, key=lambda each: (-weight(reasons[each]), each))[:MOST]
    rows = {row.id: row for row in queries.rows_of(uow=uow, patients=best)} if best else {}
    looked_by = {"name": full_name, "date_of_birth": date_of_birth, "phone": phone}
    record(
        uow=uow,
        actor=actor,
        action="patient.search",
        resource_type="patient",
        changed=[name for name, value in looked_by.items() if value],
    )
    return [Alike(patient=rows[each], reasons=reasons[each]) for each in best if each in rows]


def _candidates(sought: Person) -> Select[UUID, str, date, str | None]:
    ways = [Patient.search_key == search_key(sought.name)[:255]]
    if sought.born:
        ways.append(Patient.date_of_birth == sought.born)
    if sought.phone:
        ways.append(Patient.phone == sought.phone)
    # A union and not OR, so that each way goes by its own index.
    found = union_all(*(select(select(Patient.id).where(way).limit(_CANDIDATES).subquery().c.id) for way in ways))
    return select(Patient.id, Patient.full_name, Patient.date_of_birth, Patient.phone).where(Patient.id.in_(found))
