"""Patients who may be the person whom somebody is about to register."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import Select, select, text, union_all

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
# The same ways for many people at once. Who is born on the same day must also share a word of the name, or nearly all
# who are compared would have nothing in common but the day; names of one word have no other word to share.
_CANDIDATES_OF_MANY: Final = text("""
    SELECT n.number, p.id, p.patient_code, p.full_name, p.date_of_birth, p.phone
    FROM unnest(CAST(:numbers AS integer[]), CAST(:keys AS text[]), CAST(:born AS date[]), CAST(:phones AS text[]))
        AS n (number, key, born, phone)
    CROSS JOIN LATERAL (
        (SELECT * FROM patients a WHERE a.search_key = n.key AND (a.phone = n.phone OR a.date_of_birth = n.born
            OR extract(year FROM a.date_of_birth) = extract(year FROM n.born)
            OR to_char(a.date_of_birth, 'DDMM') = to_char(n.born, 'DDMM')) LIMIT :most)
        UNION ALL
        (SELECT * FROM patients b WHERE b.date_of_birth = n.born AND b.search_key <> n.key
            AND (string_to_array(b.search_key, ' ') && string_to_array(n.key, ' ') OR n.key !~ ' ') LIMIT :most)
        UNION ALL
        (SELECT * FROM patients c WHERE c.phone = n.phone AND c.search_key <> n.key AND c.date_of_birth <> n.born
            LIMIT :most)
    ) p
""")


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


class Likely(NamedTuple):
    """The registered patient who most likely is a person, and why."""

    patient_id: UUID
    patient_code: str
    reasons: tuple[str, ...]


def likely(*, uow: UnitOfWork, people: Mapping[int, tuple[str, date, str | None]]) -> dict[int, Likely]:
    """Of many people at once (name, date of birth, phone; by any number) who may be registered here already.

    One statement, by index. Without audit: whoever asks for many writes down that they did.
    """
    if not people:
        return {}
    numbers = list(people)
    given = {
        "numbers": numbers,
        "keys": [search_key(people[each][0])[:255] for each in numbers],
        "born": [people[each][1] for each in numbers],
        "phones": [people[each][2] for each in numbers],
        "most": _CANDIDATES,
    }
    found: dict[int, Likely] = {}
    for number, patient_id, code, name, born, phone in uow.session.execute(_CANDIDATES_OF_MANY, given):
        sought = Person(name=people[number][0], born=people[number][1], phone=people[number][2])
        reasons = likeness(sought, Person(name=name, born=born, phone=phone))
        if reasons and (number not in found or weight(reasons) > weight(found[number].reasons)):
            found[number] = Likely(patient_id, code, reasons)
    return found


def _candidates(sought: Person) -> Select[UUID, str, date, str | None]:
    ways = [Patient.search_key == search_key(sought.name)[:255]]
    if sought.born:
        ways.append(Patient.date_of_birth == sought.born)
    if sought.phone:
        ways.append(Patient.phone == sought.phone)
    # A union and not OR, so that each way goes by its own index.
    found = union_all(*(select(select(Patient.id).where(way).limit(_CANDIDATES).subquery().c.id) for way in ways))
    return select(Patient.id, Patient.full_name, Patient.date_of_birth, Patient.phone).where(Patient.id.in_(found))
