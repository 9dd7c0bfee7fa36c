"""Taking a lost second factor away: a colleague's, and a patient's who stands at the desk."""

from typing import Final

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from central.auth.public import NoSecondFactor
from kernel.errors import InvalidFields, NotFound, SokhamError
from kernel.ids import parse_uuid
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from kernel.web.problems import sentences
from tenant_app.pages.forms import lead_to, page, spoken
from tenant_app.pages.shown import banner
from tenant_app.patients.public import portal_state, read
from tenant_app.portal.public import RESET_REASONS, reset_patient_factor
from tenant_app.staff.errors import AboutOneself, BeyondOwnRights
from tenant_app.staff.public import reset_second_factor, staff_member

blueprint = Blueprint("second_factors", __name__)

_REFUSALS: Final = (InvalidFields, AboutOneself, BeyondOwnRights, NoSecondFactor)


@blueprint.route("/staff/<user_id>/second-factor")
@requires("staff.manage")
def of_member(user_id: str) -> Response:
    """What taking a colleague's factor away would mean."""
    return _member_page(user_id)


@blueprint.route("/staff/<user_id>/second-factor", methods=["POST"])
@requires("staff.manage")
def reset_of_member(user_id: str) -> Response:
    """Take it away."""
    uow = request_unit_of_work()
    wanted = parse_uuid(user_id, what="user")
    try:
        reset_second_factor(uow=uow, actor=current_actor(), user_id=wanted, reason=request.form.get("reason", ""))
    except _REFUSALS as why:
        uow.session.rollback()
        return _member_page(user_id, why)
    uow.commit()
    return lead_to(url_for("member_pages.show", user_id=wanted), message=_done())


@blueprint.route("/patients/<patient_id>/second-factor")
@requires("patient.reset_mfa")
def of_patient(patient_id: str) -> Response:
    """What taking a patient's factor away would mean."""
    return _patient_page(patient_id)


@blueprint.route("/patients/<patient_id>/second-factor", methods=["POST"])
@requires("patient.reset_mfa")
def reset_of_patient(patient_id: str) -> Response:
    """Take it away."""
    uow = request_unit_of_work()
    wanted = parse_uuid(patient_id, what="patient")
    try:
        reset_patient_factor(uow=uow, actor=current_actor(), patient_id=wanted, reason=request.form.get("reason", ""))
    except (InvalidFields, NoSecondFactor) as why:
        uow.session.rollback()
        return _patient_page(patient_id, why)
    uow.commit()
    return lead_to(url_for("patient_pages.show", patient_id=wanted), message=_done())


def _member_page(user_id: str, why: SokhamError | None = None) -> Response:
    member = staff_member(uow=request_unit_of_work(), user_id=parse_uuid(user_id, what="user"))
    return page(
        "staff/second_factor.html",
        status=why.status if why else 200,
        member=member,
        own=member.id == current_actor().id,
        reason=request.form.get("reason", ""),
        **_said(why),
    )


def _patient_page(patient_id: str, why: SokhamError | None = None) -> Response:
    uow = request_unit_of_work()
    wanted = parse_uuid(patient_id, what="patient")
    found = read(uow=uow, actor=current_actor(), patient_id=wanted)
    portal = portal_state(uow=uow, patient_id=wanted)
    if not portal.has_account:
        raise NotFound("patient account")
    answer = page(
        "patients/second_factor.html",
        status=why.status if why else 200,
        patient=banner(found),
        enabled=portal.mfa_enabled,
        reasons=[(code, gettext(words)) for code, words in RESET_REASONS.items()],
        reason=request.form.get("reason", ""),
        **_said(why),
    )
    uow.commit()
    return answer


def _said(why: SokhamError | None) -> dict[str, object]:
    return {
        "errors": spoken(why.errors) if why else {},
        "refusal": sentences(why) if why is not None and not why.errors else None,
    }


def _done() -> str:
    return str(
        gettext("The second factor is taken away, and all sessions are ended. They are told at the next sign-in.")
    )
