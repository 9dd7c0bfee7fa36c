"""A patient's record made inactive, closed by a death, or opened again; and what was said of it."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidFields
from kernel.ids import parse_uuid
from kernel.text import N_
from kernel.web.access import requires
from kernel.web.actor import Actor, current_actor
from kernel.web.collaborators import request_unit_of_work
from tenant_app.appointments.public import cancel_coming, coming
from tenant_app.pages.forms import lead_to, long_text, one_of, page, parse_day, spoken
from tenant_app.pages.shown import banner
from tenant_app.patients.public import (
    PATIENT_STATUSES,
    STATUS_REASONS,
    StatusChange,
    StatusNotAllowed,
    possible_statuses,
    read,
    set_status,
    status_history,
)

blueprint = Blueprint("status_pages", __name__, url_prefix="/patients/<patient_id>/status")

REASON_NAMES: Final = {
    "mistaken": N_("It was a mistake"),
    "came_back": N_("The patient came back"),
    "moved_away": N_("Moved away"),
    "other_hospital": N_("Is treated elsewhere"),
    "duplicate": N_("Registered twice"),
    "asked": N_("The patient asked for it"),
    "died_here": N_("Died in this hospital"),
    "certificate": N_("Death certificate"),
    "family": N_("The family said so"),
    "other": N_("Another reason"),
}
_SAVED: Final = {
    "active": N_("The record is active again."),
    "inactive": N_("The record is inactive now."),
    "deceased": N_("The death is written down."),
}


@blueprint.route("")
@requires("patient.read")
def show(patient_id: str) -> Response:
    """How the record stands, what follows from a change, and what was said before."""
    return _show(parse_uuid(patient_id, what="patient"), to=request.args.get("to", ""))


@blueprint.route("", methods=["POST"])
@requires("patient.close")
def save(patient_id: str) -> Response:
    """Change the status; with it, cancel the chosen appointments."""
    uow, actor = request_unit_of_work(), current_actor()
    wanted = parse_uuid(patient_id, what="patient")
    here = url_for("status_pages.show", patient_id=wanted)
    status = request.form.get("status", "")
    chosen = [parse_uuid(each, what="appointment") for each in request.form.getlist("appointment")]
    try:
        set_status(uow=uow, actor=actor, patient_id=wanted, change=_change())
        if chosen and status != "active" and actor.may("appointment.cancel"):
            reason = gettext("The patient's record is closed")
            cancel_coming(uow=uow, actor=actor, patient_id=wanted, reason=reason, chosen=chosen)
        booked = _booked_meanwhile(uow, actor, wanted) if status != "active" else []
    except StatusNotAllowed as refused:
        uow.session.rollback()
        return lead_to(here, message=gettext(refused.title), tone="warning")
    except InvalidFields as wrong:
        uow.session.rollback()
        return _show(wanted, to=status, errors=wrong.errors, status=wrong.status)
    if booked:
        uow.session.rollback()
        return _show(wanted, to=status, booked=booked, status=HTTPStatus.CONFLICT)
    uow.commit()
    return lead_to(url_for("patient_pages.show", patient_id=wanted), message=gettext(_SAVED[status]))


def _booked_meanwhile(uow: UnitOfWork, actor: Actor, patient_id: UUID) -> list[str]:
    """Appointments ahead that the form did not show, so that nobody decided about them."""
    if not actor.may("appointment.read"):
        return []
    shown = request.form.get("shown", "").split()
    return [str(row.id) for row in coming(uow=uow, patient_id=patient_id) if str(row.id) not in shown]


def _change() -> StatusChange:
    day = request.form.get("deceased_on", "")
    return StatusChange(
        status=one_of("status", PATIENT_STATUSES),
        reason=request.form.get("reason", ""),
        note=long_text("note", longest=500),
        deceased_on=parse_day(day, field="deceased_on") if day.strip() else None,
        told_by=long_text("told_by", longest=255),
    )


def _show(
    patient_id: UUID,
    *,
    to: str,
    errors: dict[str, list[str]] | None = None,
    booked: Sequence[str] = (),
    status: int = HTTPStatus.OK,
) -> Response:
    """With the form for the status `to`, where the record may take it; where it may take but one, for that."""
    uow, actor = request_unit_of_work(), current_actor()
    found = read(uow=uow, actor=actor, patient_id=patient_id)
    current = found.patient.status
    possible = possible_statuses(current)
    chosen = to if to in possible else possible[0] if len(possible) == 1 else ""
    again = request.method == "POST"
    answer = page(
        "patients/status.html",
        status=status,
        patient=banner(found),
        possible=possible,
        to=chosen,
        reasons=[
            (reason, gettext(REASON_NAMES[reason]))
            for reason in STATUS_REASONS.get(chosen, ())
            if not (reason == "came_back" and current == "deceased")
        ],
        rows=status_history(uow=uow, patient_id=patient_id),
        ahead=coming(uow=uow, patient_id=patient_id) if actor.may("appointment.read") else [],
        typed={
            name: request.form.get(name, "") if again else "" for name in ("deceased_on", "reason", "told_by", "note")
        },
        ticked=[*request.form.getlist("appointment"), *booked] if again else None,
        booked=len(booked),
        errors=spoken(errors or {}),
        reason_names=REASON_NAMES,
    )
    uow.commit()
    return answer
