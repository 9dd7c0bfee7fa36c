"""Rows of a file in the hospital's database while somebody looks at them; what only the database knows of them."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, select, text, update

from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import new_global_id, new_row_id
from kernel.text import N_
from tenant_app.live.public import announce, notices_changed
from tenant_app.patient_imports.models import PatientImport, PatientImportRow
from tenant_app.patient_imports.reading import SYSTEMS, ReadRow
from tenant_app.patient_imports.values import DOUBT, ERROR, Problem
from tenant_app.patients.public import likely

LEASE_SECONDS: Final = 30

SAME_IN_FILE: Final = N_("The same number stands in row %(row)s.")
REGISTERED: Final = N_("This number belongs to %(code)s, who is registered here already.")
TWIN_IN_FILE: Final = N_("Row %(row)s has the same name and date of birth.")
MAY_BE: Final = N_("May be %(code)s, who is registered here already: %(reasons)s.")

_VALUES: Final = (
    *("full_name", "search_key", "date_of_birth", "gender", "phone", "email", "address", "emergency_contact"),
    *("allergies", "blood_type", "cccd", "bhyt", "cmnd", "passport"),
)
_COLUMNS: Final = (
    *("import_id", "row_number", "cells", "problems", "wrong", "doubtful", "patient_id", "patient_global_id"),
    *_VALUES,
)
_COPY: Final = f"COPY patient_import_rows ({', '.join(_COLUMNS)}) FROM STDIN"
_ADD_PROBLEM: Final = (
    "problems = r.problems || jsonb_build_array(jsonb_build_object("
    "'level', CAST(:level AS text), 'column', CAST(:column AS text), 'message', CAST(:message AS text), "
    "'said', {said}))"
)


class LeaseLost(Exception):
    """Somebody else works on the import now, or it was discarded."""


def clear(*, uow: UnitOfWork, import_id: UUID) -> None:
    """Take out the rows of an earlier checking."""
    uow.session.execute(delete(PatientImportRow).where(PatientImportRow.import_id == import_id))


def progress(*, uow: UnitOfWork, import_id: UUID, claim: UUID, **values: Any) -> UUID | None:
    """Say how far the work has come, and hold the import for as long again; who began it. Raises LeaseLost."""
    held = uow.session.execute(
        update(PatientImport)
        .where(PatientImport.id == import_id, PatientImport.claim_id == claim)
        .values(lease_until=func.now() + func.make_interval(0, 0, 0, 0, 0, 0, LEASE_SECONDS), **values)
        .returning(func.coalesce(PatientImport.committed_by, PatientImport.created_by)),
        execution_options={"synchronize_session": False},
    ).first()
    if held is None:
        raise LeaseLost
    begun_by: UUID | None = held[0]
    return begun_by


def finish(*, uow: UnitOfWork, import_id: UUID, claim: UUID, **values: Any) -> None:
    """The work is over: what became of the import, which nobody holds from now on. Raises LeaseLost."""
    begun_by = progress(
        uow=uow, import_id=import_id, claim=claim, version=PatientImport.version + 1, updated_at=func.now(), **values
    )
    if begun_by is not None:
        announce(uow, notices_changed([begun_by]))
    uow.session.execute(
        update(PatientImport).where(PatientImport.id == import_id).values(claim_id=None, lease_until=None, attempts=0),
        execution_options={"synchronize_session": False},
    )


def stage(*, uow: UnitOfWork, import_id: UUID, rows: Sequence[ReadRow]) -> None:
    """Add rows, those that may be patients of the hospital already marked as doubtful."""
    _mark_alike(uow, rows)
    raw = uow.session.connection().connection.driver_connection
    if raw is None:
        raise LeaseLost
    with raw.cursor() as cursor, cursor.copy(_COPY) as copy:
        for row in rows:
            copy.write_row(_staged(import_id, row))


def mark_repeated(*, uow: UnitOfWork, import_id: UUID) -> None:
    """Numbers that stand in the file more than once are errors; names with the same date of birth are doubts."""
    for system in SYSTEMS:
        uow.session.execute(
            text(
                f"UPDATE patient_import_rows r SET wrong = true, decision = NULL, {_problem('row', 'd.first')} "  # noqa: S608 - names of columns from a constant.
                f"FROM (SELECT row_number, min(row_number) OVER (PARTITION BY {system}) AS first "
                f"FROM patient_import_rows WHERE import_id = :import AND {system} IS NOT NULL) d "
                "WHERE r.import_id = :import AND r.row_number = d.row_number AND d.first < d.row_number"
            ),
            {"import": import_id, "level": ERROR, "column": system, "message": SAME_IN_FILE},
        )
    uow.session.execute(
        text(
            f"UPDATE patient_import_rows r SET doubtful = true, {_problem('row', 'd.first')} "  # noqa: S608 - as above.
            "FROM (SELECT row_number, min(row_number) OVER (PARTITION BY search_key, date_of_birth) AS first "
            "FROM patient_import_rows "
            "WHERE import_id = :import AND search_key IS NOT NULL AND date_of_birth IS NOT NULL) d "
            "WHERE r.import_id = :import AND r.row_number = d.row_number AND d.first < d.row_number"
        ),
        {"import": import_id, "level": DOUBT, "column": "full_name", "message": TWIN_IN_FILE},
    )


def mark_registered(*, uow: UnitOfWork, import_id: UUID) -> list[int]:
    """Numbers that patients of the hospital have now are errors; returns the rows that were not known to be wrong."""
    found: set[int] = set()
    for system in SYSTEMS:
        said = "jsonb_build_object('code', p.patient_code, 'patient', p.id)"
        marked = uow.session.execute(
            text(
                "UPDATE patient_import_rows r SET wrong = true, decision = NULL, "  # noqa: S608 - as above.
                f"{_ADD_PROBLEM.format(said=said)} "
                "FROM patient_identifiers i JOIN patients p ON p.id = i.patient_id "
                f"WHERE r.import_id = :import AND r.{system} = i.value AND i.system = :column AND i.valid_to IS NULL "
                "AND r.decision IS DISTINCT FROM 'skip' AND NOT EXISTS (SELECT FROM jsonb_array_elements(r.problems) e "
                "WHERE e ->> 'message' = :message AND e ->> 'column' = :column) "
                "RETURNING r.row_number"
            ),
            {"import": import_id, "level": ERROR, "column": system, "message": REGISTERED},
        )
        found.update(marked.scalars())
    return sorted(found)


def count_rows(*, uow: UnitOfWork, import_id: UUID) -> int:
    """How many rows are staged."""
    counted = select(func.count()).select_from(PatientImportRow).where(PatientImportRow.import_id == import_id)
    return uow.session.scalar(counted) or 0


def _problem(name: str, value: str) -> str:
    return _ADD_PROBLEM.format(said=f"jsonb_build_object('{name}', {value})")


def _mark_alike(uow: UnitOfWork, rows: Sequence[ReadRow]) -> None:
    sound = {row.number: row for row in rows if not row.wrong}
    people = {
        number: (row.values["full_name"], row.values["date_of_birth"], row.values.get("phone"))
        for number, row in sound.items()
    }
    for number, (patient_id, code, reasons) in likely(uow=uow, people=people).items():
        said = {"code": code, "patient": str(patient_id), "reasons": list(reasons)}
        sound[number].problems.append(Problem(DOUBT, "full_name", MAY_BE, said))


def _staged(import_id: UUID, row: ReadRow) -> Iterable[Any]:
    yield import_id
    yield row.number
    yield _json(row.cells)
    yield _json([each.stored() for each in row.problems])
    yield row.wrong
    yield any(each.level == DOUBT for each in row.problems)
    yield new_row_id()
    yield new_global_id()
    for name in _VALUES:
        value = row.values.get(name)
        yield _json(value) if isinstance(value, list | dict) else value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
