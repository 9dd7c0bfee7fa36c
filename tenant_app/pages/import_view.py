"""The rows of an import as the page shows them: what is wrong, by the cell as a spreadsheet names it."""

from dataclasses import dataclass
from typing import Final

from flask_babel import gettext

from kernel.database.unit_of_work import UnitOfWork
from kernel.text import N_
from tenant_app.patient_imports.public import (
    COLUMNS,
    FILTERS,
    REQUIRED,
    Counts,
    ImportRow,
    PatientImport,
    Prospect,
    counts_of,
    rows_of,
    said_of,
)

COLUMN_CHOICES: Final = COLUMNS
ROWS: Final = 50

FILTER_NAMES: Final = {
    "": N_("All rows"),
    "wrong": N_("Errors"),
    "doubtful": N_("To decide"),
    "skipped": N_("Left out"),
}


# Why a patient cannot be taken back.
REASON_NAMES: Final = {
    "changed": N_("Record changed"),
    "appointment": N_("Appointment"),
    "queue": N_("Number in the queue"),
    "portal": N_("Patient portal"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownProblem:
    """What is said of a cell: `cell` as in `D12`, the heading as it stands in the file, and what stands there."""

    level: str
    cell: str
    heading: str
    value: str
    sentence: str
    patient: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownRow:
    """A row: the patient by name, day of birth and sex as written, and what is said of it."""

    row: ImportRow
    name: str
    others: list[str]
    problems: list[ShownProblem]
    cells: list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportView:
    """A page of rows, and how many need what."""

    counts: Counts
    rows: list[ShownRow]
    next_cursor: str | None
    which: str
    filters: list[tuple[str, str, int]]

    @property
    def ready(self) -> bool:
        """Whether it can be imported as it is."""
        return not (self.counts.wrong or self.counts.doubtful) and self.counts.chosen > 0


def view_of(*, uow: UnitOfWork, found: PatientImport, which: str, cursor: str | None) -> ImportView:
    """The rows of one filter. Raises InvalidFields for a foreign cursor."""
    counts = counts_of(uow=uow, import_id=found.id)
    chosen = which if which in FILTERS else ""
    listed = rows_of(uow=uow, import_id=found.id, which=chosen or None, limit=ROWS, cursor=cursor)
    numbers = {"": counts.total, "wrong": counts.wrong, "doubtful": counts.doubtful, "skipped": counts.skipped}
    return ImportView(
        counts=counts,
        rows=[_shown(found, row) for row in listed.items],
        next_cursor=listed.next_cursor,
        which=chosen,
        filters=[(key, gettext(name), numbers[key]) for key, name in FILTER_NAMES.items()],
    )


def reasons_counted(prospect: Prospect) -> list[tuple[str, str, int]]:
    """What stands in the way of taking an import back: its key, how it is called, and how many patients have it."""
    return [(reason, gettext(name), prospect.counts[reason]) for reason, name in REASON_NAMES.items()]


def letters(place: int) -> str:
    """The letters of a column as spreadsheets have them: 0 is A, 26 is AA."""
    named = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        named = chr(ord("A") + rest) + named
    return named


def _shown(found: PatientImport, row: ImportRow) -> ShownRow:
    places = {column: place for place, column in enumerate(found.mapping) if column}
    written = {column: _cell(row, places[column]) for column in places}
    problems = []
    for each in row.problems:
        place = places.get(each["column"])
        name = COLUMNS.get(each["column"] or "")
        problems.append(
            ShownProblem(
                level=each["level"],
                cell=f"{letters(place)}{row.row_number}" if place is not None else "",
                heading=gettext(name) if name else "",
                value=_cell(row, place) if place is not None else "",
                sentence=said_of(each["message"], each["said"]),
                patient=str(each["said"].get("patient") or ""),
            )
        )
    return ShownRow(
        row=row,
        name=written.get("full_name") or "—",
        others=[written[column] for column in REQUIRED[1:] if written.get(column)],
        problems=problems,
        cells=[
            (heading or letters(place), _cell(row, place))
            for place, heading in enumerate(found.headings)
            if _cell(row, place)
        ],
    )


def _cell(row: ImportRow, place: int) -> str:
    return row.cells[place] if place < len(row.cells) else ""
