"""A row of cells as a patient: the same checks as registering, and what only a file can get wrong. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, Final

from kernel.errors import InvalidFields
from kernel.text import search_key
from tenant_app.patient_imports.headings import COLUMNS, REQUIRED
from tenant_app.patient_imports.tables import Cell
from tenant_app.patient_imports.values import (
    DOUBT,
    ERROR,
    MISSING,
    NOTE,
    TOO_LONG,
    ZERO_OF_PHONE,
    ZEROS_GIVEN_BACK,
    Problem,
    allergies_of,
    blood_type_of,
    day_of,
    gender_of,
    phone_with_zero,
    problems_of,
    refuse_text,
    text_of,
    with_zeros,
)
from tenant_app.patients.public import canonical_values, doubts, parse_phone
from tenant_app.patients.rules import Complaints

SYSTEMS: Final = ("bhyt", "cccd", "cmnd", "passport")
_CONTACT: Final = ("contact_name", "contact_phone", "contact_relation")
_LONGEST: Final = {"full_name": 255, "address": 500, "contact_name": 255, "contact_relation": 100, "allergies": 2000}
_MOST_ALLERGIES: Final = 50
_LONGEST_ALLERGY: Final = 255


@dataclass(kw_only=True, slots=True)
class ReadRow:
    """A row as it was written, and what it means; `values` are canonical where there is no error."""

    number: int
    cells: list[str] = field(repr=False)
    values: dict[str, Any] = field(repr=False)
    problems: list[Problem]

    @property
    def wrong(self) -> bool:
        """Whether it cannot be imported as it is."""
        return any(each.level == ERROR for each in self.problems)


def read_row(number: int, cells: Sequence[Cell], mapping: Sequence[str | None]) -> ReadRow:
    """Read one row by what each column is."""
    texts = [text_of(cell) for cell in cells]
    given: dict[str, Cell] = {}
    written: dict[str, str] = {}
    for place, column in enumerate(mapping):
        if column and place < len(cells) and texts[place]:
            given[column], written[column] = cells[place], texts[place]
    complaints = Complaints()
    problems: list[Problem] = []
    for column in REQUIRED:
        if column not in written:
            complaints.note(InvalidFields(errors={column: [MISSING]}))
    sound = {column: text for column, text in written.items() if _sound(complaints, column, text)}
    values = _values(sound, given, complaints, problems)
    identifiers = {system: values.pop(system) for system in SYSTEMS if values.get(system)}
    try:
        details, numbers, cccd = canonical_values(values, identifiers)
    except InvalidFields as refused:
        complaints.note(refused)
    else:
        if not complaints.errors:
            problems += problems_of(
                DOUBT,
                doubts(
                    cccd=cccd,
                    gender=details["gender"],
                    date_of_birth=details["date_of_birth"],
                    identifiers=numbers,
                ),
                among=COLUMNS,
            )
        values = {**details, **numbers, "search_key": search_key(str(details.get("full_name", "")))[:255]}
    wrong = problems_of(ERROR, complaints.errors, among=COLUMNS)
    # What a wrong row means is not kept: half of it may be text that fits no column.
    return ReadRow(number=number, cells=texts, values={} if wrong else values, problems=wrong + problems)


def _sound(complaints: Complaints, column: str, text: str) -> bool:
    try:
        refuse_text(column, text)
    except InvalidFields as wrong:
        complaints.note(wrong)
        return False
    if len(text) > _LONGEST.get(column, 255):
        complaints.note(InvalidFields(errors={column: [TOO_LONG]}))
        return False
    return True


def _values(
    texts: Mapping[str, str], cells: Mapping[str, Cell], complaints: Complaints, problems: list[Problem]
) -> dict[str, Any]:
    readers: dict[str, Callable[[str], Any]] = {
        "date_of_birth": lambda text: day_of(cells["date_of_birth"], text),
        "gender": gender_of,
        "blood_type": blood_type_of,
        "allergies": _allergies,
    }
    values: dict[str, Any] = {}
    for column, text in texts.items():
        if column in readers:
            values[column] = complaints.read(partial(readers[column], text))
        elif column not in _CONTACT:
            values[column] = text
    _give_zeros_back(values, problems)
    if contact := _contact(texts, complaints):
        values["emergency_contact"] = contact
    return {column: value for column, value in values.items() if value}


def _give_zeros_back(values: dict[str, Any], problems: list[Problem]) -> None:
    born: date | None = values.get("date_of_birth")
    if cccd := with_zeros(values.get("cccd", ""), gender=values.get("gender"), born=born):
        values["cccd"] = cccd.value
        problems.append(Problem(NOTE, "cccd", ZEROS_GIVEN_BACK, {"value": cccd.masked}))
    phone = values.get("phone", "")
    if (repaired := phone_with_zero(phone)) != phone:
        values["phone"] = repaired
        problems.append(Problem(NOTE, "phone", ZERO_OF_PHONE, {"value": repaired}))


def _allergies(text: str) -> list[str]:
    found = allergies_of(text)
    if len(found) > _MOST_ALLERGIES or any(len(each) > _LONGEST_ALLERGY for each in found):
        raise InvalidFields(errors={"allergies": [TOO_LONG]})
    return found


def _contact(texts: Mapping[str, str], complaints: Complaints) -> dict[str, str] | None:
    """The person to call, as the form of registering asks for them: a relation alone names nobody."""
    name, phone, relation = (texts.get(column, "") for column in _CONTACT)
    if not (name or phone or relation):
        return None
    for column, value in (("contact_name", name), ("contact_phone", phone)):
        if not value:
            complaints.note(InvalidFields(errors={column: [MISSING]}))
    number = complaints.read(lambda: parse_phone(phone_with_zero(phone), name="contact_phone")) if phone else None
    contact = {"name": name, "phone": number or "", "relation": relation}
    return {key: value for key, value in contact.items() if value}
