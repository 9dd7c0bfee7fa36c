"""Checking an import: every row is read and staged, a batch a transaction, so that the page shows how far it is.

Begun again after its process died, it starts from the first row: nothing of the rows before is needed.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import select

from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import NotFound
from kernel.text import N_
from tenant_app.patient_imports.errors import FileRefused
from tenant_app.patient_imports.models import PatientImport, PatientImportFile
from tenant_app.patient_imports.reading import ReadRow, read_row
from tenant_app.patient_imports.staging import (
    clear,
    count_rows,
    finish,
    mark_registered,
    mark_repeated,
    progress,
    stage,
)
from tenant_app.patient_imports.tables import Table, open_table

BATCH_ROWS: Final = 2_000

NO_ROWS: Final = N_("There is no patient below the headings.")

OpenUow = Callable[[], UnitOfWork]


class _Task(NamedTuple):
    content: bytes
    encoding: str
    heading_row: int
    mapping: list[str | None]


def check(*, open_uow: OpenUow, import_id: UUID, claim: UUID) -> None:
    """Read the file of an import that is `checking`: it becomes `checked`, or `failed` with why. Raises LeaseLost."""
    with open_uow() as uow:
        task = _task(uow, import_id)
        clear(uow=uow, import_id=import_id)
        progress(uow=uow, import_id=import_id, claim=claim, rows_done=0, rows_total=0, failure=None)
        uow.commit()
    try:
        table = open_table(task.content, encoding=task.encoding)
        rows = _read(table, task)
        done = 0
        while batch := list(islice(rows, BATCH_ROWS)):
            done += len(batch)
            with open_uow() as uow:
                stage(uow=uow, import_id=import_id, rows=batch)
                total = max(table.height - task.heading_row, done)
                progress(uow=uow, import_id=import_id, claim=claim, rows_done=done, rows_total=total)
                uow.commit()
        _refuse_empty(done)
    except FileRefused as refused:
        with open_uow() as uow:
            clear(uow=uow, import_id=import_id)
            failure = {"message": refused.reason, "said": refused.said, "row": refused.row}
            finish(uow=uow, import_id=import_id, claim=claim, state="failed", failure=failure)
            uow.commit()
        return
    with open_uow() as uow:
        # The import's row is held from here on: these few statements may take longer than the lease, and who took the
        # import over meanwhile would begin from its first row, and be overtaken in the same way.
        progress(uow=uow, import_id=import_id, claim=claim)
        mark_repeated(uow=uow, import_id=import_id)
        mark_registered(uow=uow, import_id=import_id)
        total = count_rows(uow=uow, import_id=import_id)
        finish(uow=uow, import_id=import_id, claim=claim, state="checked", rows_total=total, rows_done=total)
        uow.commit()


def _task(uow: UnitOfWork, import_id: UUID) -> _Task:
    found = uow.session.execute(
        select(PatientImportFile.content, PatientImport.encoding, PatientImport.heading_row, PatientImport.mapping)
        .join(PatientImportFile, PatientImportFile.import_id == PatientImport.id)
        .where(PatientImport.id == import_id)
    ).one_or_none()
    if found is None:
        raise NotFound("patient_import")
    return _Task(*found)


def _read(table: Table, task: _Task) -> Iterator[ReadRow]:
    for number, cells in table.rows():
        if number > task.heading_row:
            yield read_row(number, cells, task.mapping)


def _refuse_empty(rows: int) -> None:
    if not rows:
        raise FileRefused(NO_ROWS)
