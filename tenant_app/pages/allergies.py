"""A patient's allergies: what holds, how bad it is, who wrote it down; and that none is known."""

from functools import partial
from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, Response, url_for
from flask_babel import gettext

from kernel.ids import parse_uuid
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from tenant_app.pages.forms import long_text, one_of, page, spoken
from tenant_app.pages.noted import END_NAMES, done, end_reason, split, typed_again, written
from tenant_app.pages.shown import SEVERITY_NAMES, banner, options
from tenant_app.patients.public import (
    SEVERITIES,
    allergies_of,
    end_allergy,
    none_known,
    note_allergy,
    read,
    state_none_known,
)

blueprint = Blueprint("allergies", __name__, url_prefix="/patients/<patient_id>/allergies")


@blueprint.route("")
@requires("patient.read")
def show(patient_id: str) -> Response:
    """What holds and what ended."""
    return _show(parse_uuid(patient_id, what="patient"))


@blueprint.route("", methods=["POST"])
@requires("allergy.note")
def note(patient_id: str) -> Response:
    """Write one down."""
    wanted = parse_uuid(patient_id, what="patient")
    return written(
        partial(_note, wanted),
        show=partial(_show, wanted),
        here=url_for("allergies.show", patient_id=wanted),
        message=gettext("The allergy is written down."),
    )


@blueprint.route("/<allergy_id>/end", methods=["POST"])
@requires("allergy.note")
def end(patient_id: str, allergy_id: str) -> Response:
    """It holds no longer, or never did."""
    wanted = parse_uuid(patient_id, what="patient")
    ending = partial(
        end_allergy,
        uow=request_unit_of_work(),
        actor=current_actor(),
        patient_id=wanted,
        allergy_id=parse_uuid(allergy_id, what="allergy"),
        reason=end_reason(),
    )
    message = gettext("The allergy has ended. It stays in the history.")
    return done(ending, here=url_for("allergies.show", patient_id=wanted), message=message)


@blueprint.route("/none-known", methods=["POST"])
@requires("allergy.note")
def none(patient_id: str) -> Response:
    """The patient was asked and knows of none."""
    wanted = parse_uuid(patient_id, what="patient")
    stating = partial(state_none_known, uow=request_unit_of_work(), actor=current_actor(), patient_id=wanted)
    message = gettext("It is written down that no allergy is known.")
    return done(stating, here=url_for("allergies.show", patient_id=wanted), message=message)


def _note(patient_id: UUID) -> None:
    note_allergy(
        uow=request_unit_of_work(),
        actor=current_actor(),
        patient_id=patient_id,
        substance=long_text("substance", longest=255),
        severity=one_of("severity", SEVERITIES),
        reaction=long_text("reaction", longest=255),
    )


def _show(patient_id: UUID, *, errors: dict[str, list[str]] | None = None, status: int = HTTPStatus.OK) -> Response:
    uow = request_unit_of_work()
    found = read(uow=uow, actor=current_actor(), patient_id=patient_id)
    rows = allergies_of(uow=uow, patient_id=patient_id)
    answer = page(
        "patients/allergies.html",
        status=status,
        patient=banner(found),
        **split(rows),
        stated=none_known(uow=uow, patient_id=patient_id),
        typed=typed_again("substance", "severity", "reaction"),
        errors=spoken(errors or {}),
        severities=options(SEVERITY_NAMES),
        severity_names=SEVERITY_NAMES,
        end_names=END_NAMES,
    )
    uow.commit()
    return answer
