"""A patient's medical history: what holds, by kind, who wrote it down, and what was ended."""

from functools import partial
from http import HTTPStatus
from typing import Final
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from kernel.errors import InvalidFields
from kernel.ids import parse_uuid
from kernel.text import N_
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from tenant_app.pages.forms import long_text, one_of, page, spoken
from tenant_app.pages.noted import END_NAMES, done, end_reason, split, typed_again, written
from tenant_app.pages.shown import banner, options
from tenant_app.patients.public import HISTORY_KINDS, NewHistory, end_history, note_history, read, read_history

blueprint = Blueprint("history", __name__, url_prefix="/patients/<patient_id>/history")

KIND_NAMES: Final = {
    "chronic": N_("Chronic disease"),
    "surgery": N_("Operation"),
    "family": N_("In the family"),
    "note": N_("Note on the history"),
}
NOT_A_YEAR: Final = N_("Enter a year with four digits, such as 2015.")


@blueprint.route("")
@requires("history.read")
def show(patient_id: str) -> Response:
    """What holds and what was ended."""
    return _show(parse_uuid(patient_id, what="patient"))


@blueprint.route("", methods=["POST"])
@requires("history.note")
def note(patient_id: str) -> Response:
    """Write a piece down."""
    wanted = parse_uuid(patient_id, what="patient")
    return written(
        lambda: note_history(uow=request_unit_of_work(), actor=current_actor(), patient_id=wanted, new=_piece()),
        show=partial(_show, wanted),
        here=url_for("history.show", patient_id=wanted),
        message=gettext("The history is written down."),
    )


@blueprint.route("/<history_id>/end", methods=["POST"])
@requires("history.note")
def end(patient_id: str, history_id: str) -> Response:
    """It holds no longer, or never did."""
    wanted = parse_uuid(patient_id, what="patient")
    ending = partial(
        end_history,
        uow=request_unit_of_work(),
        actor=current_actor(),
        patient_id=wanted,
        history_id=parse_uuid(history_id, what="history"),
        reason=end_reason(),
    )
    message = gettext("The entry has ended. It stays in the history.")
    return done(ending, here=url_for("history.show", patient_id=wanted), message=message)


def _piece() -> NewHistory:
    return NewHistory(
        kind=one_of("kind", HISTORY_KINDS),
        what=long_text("what", longest=500),
        icd10=long_text("icd10", longest=10),
        since_year=_year(request.form.get("since_year", "").strip()),
    )


def _year(text: str) -> int | None:
    if not text:
        return None
    if len(text) != 4 or not (text.isascii() and text.isdigit()):
        raise InvalidFields(errors={"since_year": [NOT_A_YEAR]})
    return int(text)


def _show(patient_id: UUID, *, errors: dict[str, list[str]] | None = None, status: int = HTTPStatus.OK) -> Response:
    uow, actor = request_unit_of_work(), current_actor()
    found = read(uow=uow, actor=actor, patient_id=patient_id)
    answer = page(
        "patients/history.html",
        status=status,
        patient=banner(found),
        **split(read_history(uow=uow, actor=actor, patient_id=patient_id)),
        typed=typed_again("kind", "what", "icd10", "since_year"),
        errors=spoken(errors or {}),
        kinds=options(KIND_NAMES),
        kind_names=KIND_NAMES,
        end_names=END_NAMES,
    )
    uow.commit()
    return answer
