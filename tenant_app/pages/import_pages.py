"""Importing patients: a file is uploaded, its columns named, its rows looked at; then all is imported or nothing."""

from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, Response, make_response, request, send_file, url_for
from flask_babel import gettext, ngettext

from kernel.errors import Conflict, InvalidFields, NotFound, PreconditionFailed
from kernel.ids import parse_uuid
from kernel.text import N_
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from kernel.web.requests import takes_file
from tenant_app.pages.forms import lead_to, page, sent_version, spoken
from tenant_app.pages.import_view import COLUMN_CHOICES, ImportView, reasons_counted, view_of
from tenant_app.patient_imports.public import (
    DECISIONS,
    ENCODINGS,
    FILTERS,
    MAX_BYTES,
    MAX_ROWS,
    ImportInUse,
    ImportRunner,
    PatientImport,
    TooManyImports,
    all_rows,
    ask_to_take_back,
    begin,
    check_again,
    decide,
    discard,
    import_all,
    list_imports,
    note_reading,
    nudge,
    patient_import,
    prospect_of,
    said_of,
    template_csv,
    template_xlsx,
    upload_file,
    with_reasons,
)

blueprint = Blueprint("import_pages", __name__, url_prefix="/patients/imports")

_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MOST_COLUMNS: Final = 100
OVERTAKEN: Final = N_("Somebody else changed this import meanwhile. Look at it again.")


@blueprint.route("")
@requires("patient.import")
def show() -> Response:
    """The form for a file, and the imports so far."""
    return _list()


@blueprint.route("", methods=["POST"])
@takes_file(MAX_BYTES)
@requires("patient.import")
def upload() -> Response:
    """Take a file, where it can be read."""
    uow = request_unit_of_work()
    try:
        made = upload_file(uow, request.files.get("file"))
    except (InvalidFields, Conflict, TooManyImports) as refused:
        uow.session.rollback()
        errors = spoken(refused.errors) or {"file": [gettext(refused.title)]}
        return _list(errors=errors, status=refused.status)
    uow.commit()
    return lead_to(url_for("import_pages.one", import_id=made.id))


@blueprint.route("/template/<kind>")
@requires("patient.import")
def template(kind: str) -> Response:
    """The template, as a workbook or CSV."""
    if kind == "xlsx":
        return send_file(template_xlsx(), _XLSX, as_attachment=True, download_name="mau-nhap-benh-nhan.xlsx")
    if kind == "csv":
        return send_file(template_csv(), "text/csv", as_attachment=True, download_name="mau-nhap-benh-nhan.csv")
    raise NotFound("template")


@blueprint.route("/<import_id>")
@requires("patient.import")
def one(import_id: str) -> Response:
    """What the import needs next: its columns named, patience, decisions, or nothing any more."""
    return _one(parse_uuid(import_id, what="patient_import"))


@blueprint.route("/<import_id>/progress")
@requires("patient.import")
def progress(import_id: str) -> Response:
    """How far it is: a part of the page by htmx, which is loaded anew when the work is over."""
    uow = request_unit_of_work()
    found = patient_import(uow=uow, import_id=parse_uuid(import_id, what="patient_import"))
    uow.commit()
    nudge(uow, found)
    if found.state not in ImportRunner.WORKING:
        answer = make_response("")
        answer.headers["HX-Refresh"] = "true"
        return answer
    return page("imports/progress.html", found=found)


@blueprint.route("/<import_id>/check", methods=["POST"])
@requires("patient.import")
def check(import_id: str) -> Response:
    """Have the rows checked by the columns chosen."""
    uow, wanted = request_unit_of_work(), parse_uuid(import_id, what="patient_import")
    mapping = _chosen_columns()
    try:
        found = check_again(
            uow=uow,
            actor=current_actor(),
            import_id=wanted,
            version=sent_version(),
            encoding=request.form.get("encoding") or None,
            mapping=mapping,
        )
    except InvalidFields as wrong:
        uow.session.rollback()
        return _one(wanted, errors=wrong.errors, mapping=mapping, status=wrong.status)
    except (Conflict, PreconditionFailed) as refused:
        uow.session.rollback()
        return _back(wanted, gettext(refused.title or OVERTAKEN), tone="warning")
    begin(uow, found)
    uow.commit()
    return _back(wanted)


@blueprint.route("/<import_id>/decide", methods=["POST"])
@requires("patient.import")
def decide_rows(import_id: str) -> Response:
    """Leave rows out or take them in: one, or all of a kind."""
    uow, wanted = request_unit_of_work(), parse_uuid(import_id, what="patient_import")
    decision, row, which = (request.form.get(name, "") for name in ("decision", "row", "which"))
    try:
        changed = decide(
            uow=uow,
            actor=current_actor(),
            import_id=wanted,
            decision=decision if decision in DECISIONS else None,
            rows=[int(row)] if row.isascii() and row.isdecimal() and len(row) < 8 else [],
            which=which or None,
        )
    except Conflict as refused:
        uow.session.rollback()
        return _back(wanted, gettext(refused.title), tone="warning")
    uow.commit()
    said = ngettext("Decided about %(num)d row.", "Decided about %(num)d rows.", changed) if which else ""
    return _back(wanted, said, which=request.form.get("shown", ""))


@blueprint.route("/<import_id>/commit", methods=["POST"])
@requires("patient.import")
def commit(import_id: str) -> Response:
    """Import everything that is chosen."""
    uow, wanted = request_unit_of_work(), parse_uuid(import_id, what="patient_import")
    try:
        found = import_all(uow=uow, actor=current_actor(), import_id=wanted, version=sent_version())
    except (Conflict, PreconditionFailed) as refused:
        uow.session.rollback()
        return _back(wanted, gettext(refused.title or OVERTAKEN), tone="warning")
    begin(uow, found)
    uow.commit()
    return _back(wanted)


@blueprint.route("/<import_id>/discard", methods=["POST"])
@requires("patient.import")
def give_up(import_id: str) -> Response:
    """Discard the import with its file."""
    uow, wanted = request_unit_of_work(), parse_uuid(import_id, what="patient_import")
    try:
        discard(uow=uow, actor=current_actor(), import_id=wanted)
    except Conflict as refused:
        uow.session.rollback()
        return _back(wanted, gettext(refused.title), tone="warning")
    uow.commit()
    return lead_to(url_for("import_pages.show"), message=gettext("The import is discarded; its file is deleted."))


@blueprint.route("/<import_id>/rows")
@requires("patient.import")
def download(import_id: str) -> Response:
    """The rows as they were, with what is wrong at the end of each."""
    uow = request_unit_of_work()
    found = patient_import(uow=uow, import_id=parse_uuid(import_id, what="patient_import"))
    if found.state != "checked":
        raise NotFound("patient_import")
    note_reading(uow=uow, actor=current_actor(), found=found)
    kept = with_reasons(found.headings, all_rows(uow=uow, import_id=found.id))
    uow.commit()
    return send_file(kept, _XLSX, as_attachment=True, download_name="nhap-benh-nhan-loi.xlsx")


@blueprint.route("/<import_id>/take-back")
@requires("patient.import")
def ask_back(import_id: str) -> Response:
    """How many patients would go, and what stands in the way."""
    uow = request_unit_of_work()
    found = patient_import(uow=uow, import_id=parse_uuid(import_id, what="patient_import"))
    if found.state != "done":
        uow.commit()
        return _back(found.id)
    prospect = prospect_of(uow=uow, found=found)
    note_reading(uow=uow, actor=current_actor(), found=found)
    answer = page("imports/take_back.html", found=found, prospect=prospect, reasons=reasons_counted(prospect))
    uow.commit()
    return answer


@blueprint.route("/<import_id>/take-back", methods=["POST"])
@requires("patient.import")
def back(import_id: str) -> Response:
    """Take all its patients out again."""
    uow, wanted = request_unit_of_work(), parse_uuid(import_id, what="patient_import")
    try:
        found = ask_to_take_back(uow=uow, actor=current_actor(), import_id=wanted, version=sent_version())
    except ImportInUse:
        # The page says what stands in the way.
        uow.session.rollback()
        return lead_to(url_for("import_pages.ask_back", import_id=wanted))
    except (Conflict, PreconditionFailed) as refused:
        uow.session.rollback()
        return _back(wanted, gettext(refused.title or OVERTAKEN), tone="warning")
    begin(uow, found)
    uow.commit()
    return _back(wanted)


def _back(import_id: UUID, message: str = "", *, tone: str = "success", which: str = "") -> Response:
    there = url_for("import_pages.one", import_id=import_id, which=which if which in FILTERS else None)
    return lead_to(there, message=message, tone=tone)


def _chosen_columns() -> list[str | None] | None:
    if "column_0" not in request.form:
        return None
    places = (f"column_{place}" for place in range(_MOST_COLUMNS))
    return [request.form[place] or None for place in places if place in request.form]


def _list(*, errors: dict[str, list[str]] | None = None, status: int = HTTPStatus.OK) -> Response:
    uow = request_unit_of_work()
    listed = list_imports(uow=uow, cursor=request.args.get("cursor") or None)
    answer = page(
        "imports/list.html",
        status=status,
        lines=listed.items,
        next_cursor=listed.next_cursor,
        errors=errors or {},
        most_mb=MAX_BYTES // 1024 // 1024,
        most_rows=f"{MAX_ROWS:,}".replace(",", "."),
    )
    uow.commit()
    for line in listed.items:
        nudge(uow, line.found)
    return answer


def _one(
    import_id: UUID,
    *,
    errors: dict[str, list[str]] | None = None,
    mapping: list[str | None] | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    uow = request_unit_of_work()
    found = patient_import(uow=uow, import_id=import_id)
    naming = found.state in {"uploaded", "failed"} or (
        found.state == "checked" and ("columns" in request.args or errors is not None)
    )
    values: dict[str, Any] = {"found": found, "errors": spoken(errors or {}), "said_of": said_of}
    if naming or found.state == "checked":
        note_reading(uow=uow, actor=current_actor(), found=found)
    if naming:
        answer = page("imports/columns.html", status=status, **values, **_naming(found, mapping))
    elif found.state == "checked":
        view: ImportView = view_of(
            uow=uow, found=found, which=request.args.get("which", ""), cursor=request.args.get("cursor") or None
        )
        answer = page("imports/rows.html", status=status, **values, view=view)
    else:
        answer = page("imports/state.html", status=status, **values)
    uow.commit()
    nudge(uow, found)
    return answer


def _naming(found: PatientImport, mapping: list[str | None] | None) -> dict[str, Any]:
    """What the page for the columns shows: the file's beginning as the chosen encoding reads it."""
    asked = request.values.get("encoding", "")
    encoding = asked if asked in found.samples else found.encoding
    sample = found.samples[encoding]
    same = encoding == found.encoding and len(found.mapping) == len(sample["headings"])
    chosen = mapping or (found.mapping if same else sample["mapping"])
    return {
        "encoding": encoding,
        "encodings": ENCODINGS,
        "sample": sample,
        "mapping": chosen + [None] * (len(sample["headings"]) - len(chosen)),
        "columns": [(column, gettext(name)) for column, name in COLUMN_CHOICES.items()],
    }
