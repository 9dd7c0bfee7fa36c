"""Imports of patients over the API: upload, look at the rows, decide, import."""

from typing import Any
from uuid import UUID

from werkzeug.datastructures import FileStorage

from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidFields
from kernel.listing import Page
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint, etag, expected_version
from kernel.web.collaborators import collaborator, request_unit_of_work
from kernel.web.idempotency import remembered, under_this_path
from kernel.web.requests import takes_file
from tenant_app.patient_imports import service
from tenant_app.patient_imports.containers import MAX_BYTES
from tenant_app.patient_imports.errors import FileRefused
from tenant_app.patient_imports.models import PatientImport
from tenant_app.patient_imports.queries import ImportRow, counts_of, list_imports, patient_import, rows_of
from tenant_app.patient_imports.runner import ImportRunner
from tenant_app.patient_imports.schemas import (
    CheckBody,
    DecidedAnswer,
    FileForm,
    ImportAnswer,
    ImportsAnswer,
    ImportWithCounts,
    ProspectAnswer,
    RowDecisionBody,
    RowsAnswer,
    RowsAsked,
)
from tenant_app.patient_imports.shown import said_of
from tenant_app.patient_imports.taking_back import Prospect, ask_to_take_back, prospect_of
from tenant_app.patient_imports.values import MISSING
from tenant_app.schemas import Listed
from tenant_app.staff.models import IdempotencyKey

blueprint = Blueprint(
    "patient_imports", __name__, url_prefix="/api/v1/patient-imports", description="Imports of patients from files"
)

_HEADERS = dict[str, str]
_WITH_ROWS = ("checked", "committing")


@blueprint.route("", methods=["POST"])
@takes_file(MAX_BYTES)
@requires("patient.import")
@remembered(IdempotencyKey, location=under_this_path)
@blueprint.arguments(FileForm, location="files", content_type="multipart/form-data")
@blueprint.response(201, ImportAnswer)
def upload(form: dict[str, Any]) -> tuple[PatientImport, int, _HEADERS]:
    """Upload a CSV file or a workbook; the answer says what its columns seem to be."""
    made = upload_file(request_unit_of_work(), form["file"])
    return made, 201, _tag(made)


@blueprint.route("", methods=["GET"])
@requires("patient.import")
@blueprint.arguments(Listed, location="query", unknown=None)
@blueprint.response(200, ImportsAnswer)
def imports(asked: dict[str, Any]) -> Page[PatientImport]:
    """Imports, the newest first."""
    uow = request_unit_of_work()
    listed = list_imports(uow=uow, **asked)
    uow.commit()
    return Page([line.found for line in listed.items], listed.next_cursor)


@blueprint.route("/<uuid:import_id>", methods=["GET"])
@requires("patient.import")
@blueprint.response(200, ImportWithCounts)
def show(import_id: UUID) -> tuple[dict[str, Any], int, _HEADERS]:
    """One import, with how far it is and how many rows need what."""
    uow = request_unit_of_work()
    found = patient_import(uow=uow, import_id=import_id)
    answer = _with_counts(uow, found)
    uow.commit()
    nudge(uow, found)
    return answer, 200, _tag(found)


@blueprint.route("/<uuid:import_id>/check", methods=["POST"])
@requires("patient.import")
@blueprint.arguments(CheckBody)
@blueprint.response(200, ImportAnswer)
def check(body: dict[str, Any], import_id: UUID) -> tuple[PatientImport, int, _HEADERS]:
    """Have all rows checked; takes If-Match. It goes on in the background: look at the import until it is `checked`."""
    uow = request_unit_of_work()
    found = service.check_again(uow=uow, actor=current_actor(), import_id=import_id, version=expected_version(), **body)
    begin(uow, found)
    uow.commit()
    return found, 200, _tag(found)


@blueprint.route("/<uuid:import_id>/rows", methods=["GET"])
@requires("patient.import")
@blueprint.arguments(RowsAsked, location="query", unknown=None)
@blueprint.response(200, RowsAnswer)
def rows(asked: dict[str, Any], import_id: UUID) -> Page[ImportRow]:
    """Rows in the order of the file, with what is wrong at which cell."""
    uow = request_unit_of_work()
    found = patient_import(uow=uow, import_id=import_id)
    listed = rows_of(uow=uow, import_id=import_id, **asked)
    service.note_reading(uow=uow, actor=current_actor(), found=found)
    uow.commit()
    return listed


@blueprint.route("/<uuid:import_id>/decisions", methods=["POST"])
@requires("patient.import")
@blueprint.arguments(RowDecisionBody)
@blueprint.response(200, DecidedAnswer)
def decide(body: dict[str, Any], import_id: UUID) -> dict[str, int]:
    """Leave rows out (`skip`), take doubtful ones in (`import`), or take a decision back (null)."""
    uow = request_unit_of_work()
    changed = service.decide(uow=uow, actor=current_actor(), import_id=import_id, **body)
    uow.commit()
    return {"rows": changed}


@blueprint.route("/<uuid:import_id>/commit", methods=["POST"])
@requires("patient.import")
@blueprint.response(200, ImportAnswer)
def commit(import_id: UUID) -> tuple[PatientImport, int, _HEADERS]:
    """Register all patients or none; takes If-Match. Asked twice, it happens once."""
    uow = request_unit_of_work()
    found = service.import_all(uow=uow, actor=current_actor(), import_id=import_id, version=expected_version())
    begin(uow, found)
    uow.commit()
    return found, 200, _tag(found)


@blueprint.route("/<uuid:import_id>/discard", methods=["POST"])
@requires("patient.import")
@blueprint.response(200, ImportAnswer)
def discard(import_id: UUID) -> tuple[PatientImport, int, _HEADERS]:
    """Give the import up: its file and rows are deleted."""
    uow = request_unit_of_work()
    found = service.discard(uow=uow, actor=current_actor(), import_id=import_id)
    uow.commit()
    return found, 200, _tag(found)


@blueprint.route("/<uuid:import_id>/take-back", methods=["GET"])
@requires("patient.import")
@blueprint.response(200, ProspectAnswer)
def prospect(import_id: UUID) -> tuple[Prospect, int, _HEADERS]:
    """Whether the import can be taken back, and what stands in the way."""
    uow = request_unit_of_work()
    found = patient_import(uow=uow, import_id=import_id)
    answer = prospect_of(uow=uow, found=found)
    service.note_reading(uow=uow, actor=current_actor(), found=found)
    uow.commit()
    return answer, 200, _tag(found)


@blueprint.route("/<uuid:import_id>/take-back", methods=["POST"])
@requires("patient.import")
@blueprint.response(200, ImportAnswer)
def take_back(import_id: UUID) -> tuple[PatientImport, int, _HEADERS]:
    """Take all its patients out again, or none; takes If-Match. Asked twice, it happens once."""
    uow = request_unit_of_work()
    found = ask_to_take_back(uow=uow, actor=current_actor(), import_id=import_id, version=expected_version())
    begin(uow, found)
    uow.commit()
    return found, 200, _tag(found)


def upload_file(uow: UnitOfWork, sent: FileStorage | None) -> PatientImport:
    """Keep the file of a form. Raises InvalidFields without one, FileRefused in the reader's language."""
    if sent is None or not sent.filename:
        raise InvalidFields(errors={"file": [MISSING]})
    # One byte more than may be, so that a larger file is known as one.
    content = sent.stream.read(MAX_BYTES + 1)
    try:
        return service.upload(uow=uow, actor=current_actor(), file_name=sent.filename, content=content)
    except FileRefused as refused:
        raise refused.in_words(said_of(refused.reason, refused.said)) from refused


def begin(uow: UnitOfWork, found: PatientImport) -> None:
    """Have the work done, once the request that asked for it is committed."""
    runner, tenant, import_id = collaborator(ImportRunner), uow.tenant, found.id

    def go() -> None:
        if tenant is not None:
            runner.begin(tenant, import_id)

    uow.after_commit(go)


def nudge(uow: UnitOfWork, found: PatientImport) -> None:
    """Take up what a process that died has left."""
    if uow.tenant is not None:
        collaborator(ImportRunner).nudge(uow.tenant, found)


def _with_counts(uow: UnitOfWork, found: PatientImport) -> dict[str, Any]:
    counts = counts_of(uow=uow, import_id=found.id) if found.state in _WITH_ROWS else None
    columns = {column.key: getattr(found, column.key) for column in PatientImport.__table__.columns}
    return {**columns, "counts": counts}


def _tag(found: PatientImport) -> _HEADERS:
    return {"ETag": etag(found.version)}
