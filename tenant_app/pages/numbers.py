"""A patient's numbers with their periods: what holds, what held, and adding or ending one."""

from functools import partial
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from kernel.clock import local_today
from kernel.errors import InvalidFields
from kernel.ids import parse_uuid
from kernel.text import N_
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from tenant_app.pages.forms import MISSING, one_of, page, spoken
from tenant_app.pages.noted import END_NAMES as NOTED_END_NAMES
from tenant_app.pages.noted import done, end_reason, split, typed_again, written
from tenant_app.pages.patient_form import SYSTEMS
from tenant_app.pages.shown import SYSTEM_NAMES, banner, benefit_words, masked, options
from tenant_app.patients.public import (
    IdentifierRow,
    add_identifier,
    end_identifier,
    identifier_history,
    read,
)

blueprint = Blueprint("numbers", __name__, url_prefix="/patients/<patient_id>/numbers")

_WITHOUT_CCCD: Final = N_(
    "It stays in the history. Without a valid CCCD the patient cannot sign in to the patient portal."
)
END_NAMES: Final = {**NOTED_END_NAMES, "ended": N_("No longer valid")}


@blueprint.route("")
@requires("patient.read")
def show(patient_id: str) -> Response:
    """What holds and what held, masked."""
    return _show(parse_uuid(patient_id, what="patient"))


@blueprint.route("", methods=["POST"])
@requires("patient.update")
def add(patient_id: str) -> Response:
    """Add a number."""
    wanted = parse_uuid(patient_id, what="patient")
    return written(
        partial(_add, wanted),
        show=partial(_show, wanted),
        here=url_for("numbers.show", patient_id=wanted),
        message=gettext("The number is added."),
        number_field="value",
    )


@blueprint.route("/<identifier_id>/end", methods=["POST"])
@requires("patient.update")
def end(patient_id: str, identifier_id: str) -> Response:
    """The number holds no longer, or never was this patient's."""
    wanted = parse_uuid(patient_id, what="patient")
    ending = partial(
        end_identifier,
        uow=request_unit_of_work(),
        actor=current_actor(),
        patient_id=wanted,
        identifier_id=parse_uuid(identifier_id, what="identifier"),
        reason=end_reason(),
    )
    message = gettext("The number has ended. It stays in the history.")
    return done(ending, here=url_for("numbers.show", patient_id=wanted), message=message)


def _add(patient_id: UUID) -> None:
    add_identifier(
        uow=request_unit_of_work(),
        actor=current_actor(),
        patient_id=patient_id,
        system=one_of("system", SYSTEMS),
        text=_needed("value"),
        confirm_mismatch=request.form.get("confirm_mismatch") == "1",
        before_was_mistaken=request.form.get("before_was_mistaken") == "1",
    )


def _needed(name: str) -> str:
    text = request.form.get(name, "").strip()
    if not text:
        raise InvalidFields(errors={name: [MISSING]})
    return text


def _show(
    patient_id: UUID,
    *,
    errors: dict[str, list[str]] | None = None,
    mismatch: dict[str, list[str]] | None = None,
    owner_id: str = "",
    status: int = HTTPStatus.OK,
) -> Response:
    uow = request_unit_of_work()
    found = read(uow=uow, actor=current_actor(), patient_id=patient_id)
    rows = identifier_history(uow=uow, patient_id=patient_id)
    answer = page(
        "patients/numbers.html",
        status=status,
        patient=banner(found),
        **{which: [_shown(row) for row in some] for which, some in split(rows).items()},
        end_names=END_NAMES,
        typed=typed_again("system", "value", "before_was_mistaken"),
        # What the number's own kind complains of stands beside the one field for all kinds.
        errors=spoken({name if name == "system" else "value": said for name, said in (errors or {}).items()}),
        mismatch=spoken(mismatch or {}),
        owner_id=owner_id,
        systems=options({system: SYSTEM_NAMES[system] for system in SYSTEMS}),
    )
    uow.commit()
    return answer


def _shown(row: IdentifierRow) -> dict[str, Any]:
    own = {"kind": gettext(SYSTEM_NAMES[row.system]), "masked": masked(row.system, row.value)}
    if row.system == "bhyt":
        own["benefit"] = benefit_words(row.value, on=local_today())
    if row.system == "cccd":
        own["warning"] = gettext(_WITHOUT_CCCD)
    names = ("id", "created_at", "created_by_name", "ended_at", "ended_by_name", "end_reason")
    return own | {name: getattr(row, name) for name in names}
