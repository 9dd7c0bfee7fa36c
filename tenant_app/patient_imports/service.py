"""What people do with imports: upload a file, say what its columns are, decide about rows, import, discard."""

import unicodedata
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update

from kernel.clock import utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidFields, NotFound, PreconditionFailed
from kernel.ids import new_row_id
from kernel.text import N_
from kernel.web.actor import Actor
from tenant_app.audit.public import record
from tenant_app.patient_imports.errors import ImportNotReady, NothingToImport, RowsUndecided, TooManyImports
from tenant_app.patient_imports.headings import COLUMNS, missing
from tenant_app.patient_imports.models import OPEN_STATES, PatientImport, PatientImportFile, PatientImportRow
from tenant_app.patient_imports.queries import counts_of
from tenant_app.patient_imports.samples import samples
from tenant_app.patient_imports.tables import open_table

# Each may hold a file of the largest size and its rows.
MOST_OPEN: Final = 5

NO_COLUMN: Final = N_("Say which column this is: every patient needs it.")
TWICE: Final = N_("Two columns cannot be the same.")
UNKNOWN_ENCODING: Final = N_("The file cannot be read with this encoding.")
UNKNOWN_COLUMN: Final = N_("There is no such column.")

CHANGEABLE: Final = ("uploaded", "checked", "failed")


def upload(*, uow: UnitOfWork, actor: Actor, file_name: str, content: bytes) -> PatientImport:
    """Keep a file that can be read, with what it seems to hold. Raises FileRefused, TooManyImports."""
    open_now = select(func.count()).select_from(PatientImport).where(PatientImport.state.in_(OPEN_STATES))
    if (uow.session.scalar(open_now) or 0) >= MOST_OPEN:
        raise TooManyImports(retry_after=60)
    table = open_table(content)
    seen = samples(table)
    first = seen[table.encoding]
    made = PatientImport(
        id=new_row_id(),
        file_name=_file_name(file_name),
        file_kind=table.kind,
        file_bytes=len(content),
        encoding=table.encoding,
        heading_row=first["heading_row"],
        headings=first["headings"],
        mapping=first["mapping"],
        samples=seen,
        created_by=actor.id,
    )
    uow.session.add(made)
    uow.flush()
    uow.session.add(PatientImportFile(import_id=made.id, content=content))
    uow.flush()
    note(uow, actor, made, "upload")
    return made


def check_again(
    *,
    uow: UnitOfWork,
    actor: Actor,
    import_id: UUID,
    version: int,
    encoding: str | None = None,
    mapping: Sequence[str | None] | None = None,
) -> PatientImport:
    """Have all rows checked, with another encoding or other columns where they are given.

    Raises NotFound, PreconditionFailed, ImportNotReady, InvalidFields (`encoding`, `column_3`, a missing column).
    """
    found = held(uow, import_id, version)
    require_state(found, CHANGEABLE)
    chosen = encoding or found.encoding
    sample = found.samples.get(chosen)
    if sample is None:
        raise InvalidFields(errors={"encoding": [UNKNOWN_ENCODING]})
    if mapping is None:
        mapping = found.mapping if chosen == found.encoding else sample["mapping"]
    columns = [column or None for column in mapping[: len(sample["headings"])]]
    _refuse_bad_mapping(columns)
    found.encoding, found.heading_row, found.headings = chosen, sample["heading_row"], sample["headings"]
    found.mapping = columns
    begin_work(found, "checking")
    uow.flush()
    note(uow, actor, found, "check")
    return found


def decide(
    *,
    uow: UnitOfWork,
    actor: Actor,
    import_id: UUID,
    decision: str | None,
    rows: Sequence[int] = (),
    which: str | None = None,
) -> int:
    """Leave rows out (`skip`), take doubtful ones in (`import`), or take the decision back (None); returns how many.

    The rows are those in `rows`, and all that are `wrong` or `doubtful` as `which` says. A wrong row cannot be taken
    in. Raises NotFound, ImportNotReady.
    """
    found = held(uow, import_id, None)
    require_state(found, ("checked",))
    chosen: ColumnElement[bool] = PatientImportRow.row_number.in_(rows)
    if which == "wrong":
        chosen = PatientImportRow.wrong.is_(True)
    elif which == "doubtful":
        chosen = PatientImportRow.doubtful.is_(True) & PatientImportRow.wrong.is_(False)
    statement = update(PatientImportRow).where(PatientImportRow.import_id == import_id, chosen)
    if decision == "import":
        statement = statement.where(PatientImportRow.wrong.is_(False))
    changed = uow.session.execute(
        statement.values(decision=decision).returning(PatientImportRow.row_number),
        execution_options={"synchronize_session": False},
    ).all()
    if changed:
        found.updated_at = utc_now()
        uow.flush()
        note(uow, actor, found, "decide")
    return len(changed)


def import_all(*, uow: UnitOfWork, actor: Actor, import_id: UUID, version: int) -> PatientImport:
    """Have the patients registered. Asked again while it is on its way or done, nothing happens.

    Raises NotFound, PreconditionFailed, ImportNotReady, RowsUndecided, NothingToImport.
    """
    found = held(uow, import_id, None)
    if found.state in {"committing", "done"} and found.committed_by == actor.id:
        return found
    if found.version != version:
        raise PreconditionFailed
    require_state(found, ("checked",))
    counts = counts_of(uow=uow, import_id=import_id)
    if counts.wrong or counts.doubtful:
        raise RowsUndecided(data={"wrong": counts.wrong, "doubtful": counts.doubtful})
    if not counts.chosen:
        raise NothingToImport
    begin_work(found, "committing")
    found.committed_by = actor.id
    uow.flush()
    note(uow, actor, found, "commit")
    return found


def discard(*, uow: UnitOfWork, actor: Actor, import_id: UUID) -> PatientImport:
    """Give an import up: its file and rows go. Raises NotFound, ImportNotReady (while or after it is imported)."""
    found = held(uow, import_id, None)
    if found.state == "discarded":
        return found
    require_state(found, (*CHANGEABLE, "checking"))
    found.state = "discarded"
    found.claim_id = found.lease_until = None
    found.samples, found.headings = {}, []
    uow.flush()
    for table in (PatientImportFile, PatientImportRow):
        uow.session.execute(delete(table).where(table.import_id == import_id))
    note(uow, actor, found, "discard")
    return found


def note_reading(*, uow: UnitOfWork, actor: Actor, found: PatientImport) -> None:
    """Write down that somebody looked at rows of the file: people stand in it, whether they become patients or not."""
    note(uow, actor, found, "read")


def held(uow: UnitOfWork, import_id: UUID, version: int | None) -> PatientImport:
    found = uow.session.scalar(select(PatientImport).where(PatientImport.id == import_id).with_for_update())
    if found is None:
        raise NotFound("patient_import")
    if version is not None and found.version != version:
        raise PreconditionFailed
    return found


def require_state(found: PatientImport, states: Sequence[str]) -> None:
    if found.state not in states:
        raise ImportNotReady(data={"state": found.state})


def begin_work(found: PatientImport, state: str) -> None:
    found.state = state
    found.rows_done = found.attempts = 0
    found.failure = found.claim_id = found.lease_until = None


def _refuse_bad_mapping(mapping: Sequence[str | None]) -> None:
    errors: dict[str, list[str]] = {}
    for place, column in enumerate(mapping):
        if column and column not in COLUMNS:
            errors[f"column_{place}"] = [UNKNOWN_COLUMN]
        elif column and column in mapping[:place]:
            errors[f"column_{place}"] = [TWICE]
    for column in missing(mapping):
        errors[column] = [NO_COLUMN]
    if errors:
        raise InvalidFields(errors=errors)


def _file_name(given: str) -> str:
    """The last part of a name, without what cannot be shown; what it says is believed nowhere."""
    bare = given.replace("\\", "/").rpartition("/")[2]
    shown = "".join(letter for letter in unicodedata.normalize("NFC", bare) if letter.isprintable())
    return shown[-255:] or "file"


def note(uow: UnitOfWork, actor: Actor, found: PatientImport, what: str) -> None:
    record(
        uow=uow,
        actor=actor,
        action=f"patient_import.{what}",
        resource_type="patient_import",
        resource_id=found.id,
    )
