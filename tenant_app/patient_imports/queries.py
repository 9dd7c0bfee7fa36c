"""Reading imports: one, the list, its rows and how many of them need what."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import defer

from kernel.database.rows import rows_as
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import NotFound
from kernel.listing import Page, page_of
from kernel.web.api import a_number, read_cursor
from tenant_app.patient_imports.models import PatientImport, PatientImportRow
from tenant_app.staff.public import User

_AT_ONCE: Final = 2_000
_SKIPPED: Final = PatientImportRow.decision == "skip"
# What a list of rows may be narrowed to.
FILTERS: Final[dict[str, ColumnElement[bool]]] = {
    "wrong": PatientImportRow.wrong.is_(True) & PatientImportRow.decision.is_(None),
    "doubtful": PatientImportRow.doubtful.is_(True)
    & PatientImportRow.wrong.is_(False)
    & PatientImportRow.decision.is_(None),
    "skipped": _SKIPPED,
    "chosen": PatientImportRow.wrong.is_(False) & or_(PatientImportRow.decision.is_(None), ~_SKIPPED),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """Rows of an import: `wrong` and `doubtful` those that nobody has decided about, `skipped` those left out."""

    total: int
    wrong: int
    doubtful: int
    skipped: int
    chosen: int


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A row as a page shows it."""

    row_number: int
    cells: list[str] = field(repr=False)
    problems: list[dict[str, Any]]
    wrong: bool
    doubtful: bool
    decision: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportLine:
    """An import in the list."""

    found: PatientImport
    by: str | None


def patient_import(*, uow: UnitOfWork, import_id: UUID) -> PatientImport:
    """One import, as it is now. Raises NotFound."""
    found = uow.session.get(PatientImport, import_id, populate_existing=True)
    if found is None:
        raise NotFound("patient_import")
    return found


def counts_of(*, uow: UnitOfWork, import_id: UUID) -> Counts:
    """How many rows there are of each kind."""
    counted = (func.count().filter(FILTERS[name]).label(name) for name in FILTERS)
    row = uow.session.execute(
        select(func.count().label("total"), *counted).where(PatientImportRow.import_id == import_id)
    ).one()
    return Counts(**row._mapping)


def rows_of(
    *, uow: UnitOfWork, import_id: UUID, which: str | None = None, limit: int = 25, cursor: str | None = None
) -> Page[ImportRow]:
    """Rows in the order of the file. Raises InvalidFields for a foreign cursor."""
    conditions: list[ColumnElement[bool]] = [PatientImportRow.import_id == import_id]
    if which in FILTERS:
        conditions.append(FILTERS[which])
    if after := read_cursor(cursor, a_number()):
        conditions.append(PatientImportRow.row_number > after[0])
    found = uow.session.execute(
        select(
            PatientImportRow.row_number,
            PatientImportRow.cells,
            PatientImportRow.problems,
            PatientImportRow.wrong,
            PatientImportRow.doubtful,
            PatientImportRow.decision,
        )
        .where(and_(*conditions))
        .order_by(PatientImportRow.row_number)
        .limit(limit + 1)
    )
    return page_of(rows_as(ImportRow, found), limit=limit, key=lambda row: (row.row_number,))


def all_rows(*, uow: UnitOfWork, import_id: UUID) -> Iterator[ImportRow]:
    """Every row in the order of the file, read a few thousand at a time."""
    cursor: str | None = None
    while True:
        listed = rows_of(uow=uow, import_id=import_id, limit=_AT_ONCE, cursor=cursor)
        yield from listed.items
        cursor = listed.next_cursor
        if cursor is None:
            return


def list_imports(*, uow: UnitOfWork, limit: int = 25, cursor: str | None = None) -> Page[ImportLine]:
    """Imports, the newest first, with who uploaded each. Raises InvalidFields for a foreign cursor."""
    statement = (
        select(PatientImport, User.full_name)
        .outerjoin(User, User.id == PatientImport.created_by)
        .options(defer(PatientImport.samples))
        .order_by(PatientImport.id.desc())
        .limit(limit + 1)
    )
    if after := read_cursor(cursor, UUID):
        statement = statement.where(PatientImport.id < after[0])
    rows = [ImportLine(found=found, by=by) for found, by in uow.session.execute(statement)]
    return page_of(rows, limit=limit, key=lambda line: (line.found.id,))
