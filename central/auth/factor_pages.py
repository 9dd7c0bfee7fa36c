"""One's own second factor as pages under /account/second-factor, the same in all three portals."""

import io
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

import segno
from flask import Blueprint, Response, current_app, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext

from central.auth.account_pages import NEEDED
from central.auth.factor_api import failures_kept
from central.auth.factor_errors import FactorDemanded, NoPendingFactor, WrongOtp
from central.auth.factors import FactorState
from central.auth.gate import visitor
from central.auth.lockout import SignInLocked
from central.auth.own_factor import OwnSecondFactor
from central.auth.signing_in import WrongPassword
from central.gateway.public import guess_limited
from kernel.clock import utc_now
from kernel.errors import FieldErrors, NotFound, SokhamError
from kernel.web.access import enrolling
from kernel.web.actor import current_actor
from kernel.web.collaborators import collaborator, request_unit_of_work
from kernel.web.field_messages import field_message
from kernel.web.problems import sentences

# In units of one dark square; four light ones around it are what readers need (ISO/IEC 18004).
_QR_SCALE: Final = 6


def factor_pages(kind: type[OwnSecondFactor]) -> Blueprint:
    """The pages; `kind` is the portal's collaborator that answers them."""
    blueprint = Blueprint("second_factor", __name__, url_prefix="/account/second-factor")

    @blueprint.route("")
    @enrolling
    def show() -> Response:
        """Whether it is on, and what can be done with it."""
        uow = request_unit_of_work()
        state = collaborator(kind).state(uow=uow, actor=current_actor())
        uow.commit()
        return _state_page(state)

    @blueprint.route("", methods=["POST"])
    @enrolling
    @guess_limited
    def change() -> Response:
        """Begin to set one up, take other recovery codes, or switch it off: each after password and code."""
        own = collaborator(kind)
        actions: dict[str, Callable[..., Any]] = {
            "enrol": own.enrol,
            "codes": own.renew_recovery_codes,
            "off": own.switch_off,
        }
        chosen = request.form.get("action", "enrol")
        if chosen not in actions:
            raise NotFound("action")
        uow = request_unit_of_work()
        # Read before anything is committed: after it, a patient's transaction shows no rows any more.
        state = own.state(uow=uow, actor=current_actor())
        asked = ("password", "otp") if state.enabled else ("password",)
        typed = {name: request.form.get(name, "") for name in ("password", "otp")}
        errors = {name: [NEEDED] for name in asked if not typed[name].strip()}
        if errors:
            return _state_page(state, errors=errors)
        try:
            with failures_kept(uow):
                done = actions[chosen](uow=uow, actor=current_actor(), visitor=visitor(), **typed)
        except (WrongPassword, WrongOtp) as wrong:
            return _state_page(state, errors=wrong.errors)
        except (SignInLocked, FactorDemanded, NoPendingFactor) as refusal:
            return _state_page(state, refusal=refusal)
        uow.commit()
        if chosen == "codes":
            return _codes_page(done, first=False)
        if chosen == "enrol":
            return _lead_to("second_factor.enrol")
        return _lead_to("second_factor.show", gettext("The second factor is off. You are signed out everywhere else."))

    @blueprint.route("/enrol")
    @enrolling
    def enrol() -> Response:
        """The QR code and the secret, until the first code is typed."""
        return _enrolment_page(kind)

    @blueprint.route("/enrol", methods=["POST"])
    @enrolling
    @guess_limited
    def confirm() -> Response:
        """The first code: it is on, and the recovery codes are shown this once."""
        uow = request_unit_of_work()
        otp = request.form.get("otp", "")
        if not otp.strip():
            return _enrolment_page(kind, errors={"otp": [NEEDED]})
        try:
            codes = collaborator(kind).confirm(uow=uow, actor=current_actor(), otp=otp)
        except WrongOtp as wrong:
            return _enrolment_page(kind, errors=wrong.errors)
        except NoPendingFactor as late:
            return _lead_to("second_factor.show", " ".join(sentences(late)), "warning")
        uow.commit()
        # Nothing is closed any more to who had to set it up: the page shows the navigation.
        g.actor = replace(current_actor(), mfa_at=utc_now())
        return _codes_page(codes, first=True)

    @blueprint.route("/qr.svg")
    @enrolling
    def picture() -> Response:
        """The QR code of the secret that waits; there is none at other times."""
        uow = request_unit_of_work()
        pending = collaborator(kind).pending(uow=uow, actor=current_actor())
        uow.commit()
        if pending is None:
            raise NotFound("enrolment")
        drawn = io.BytesIO()
        segno.make(pending.address, error="m").save(
            drawn, kind="svg", scale=_QR_SCALE, border=4, light="#fff", svgclass=None, lineclass=None
        )
        response = make_response(drawn.getvalue())
        response.content_type = "image/svg+xml"
        return response

    return blueprint


def _state_page(
    state: FactorState, *, errors: FieldErrors | None = None, refusal: SokhamError | None = None
) -> Response:
    actor = current_actor()
    title, advice = sentences(refusal) if refusal else ("", "")
    status = refusal.status if refusal else HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    response = _page(
        "account/second_factor.html",
        status=status,
        state=state,
        demanded=actor.mfa_required,
        missing=actor.must_enrol,
        demanded_from=actor.mfa_from,
        errors=_spoken(errors),
        refusal={"title": title, "advice": advice} if refusal else None,
    )
    if refusal is not None and refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def _enrolment_page(kind: type[OwnSecondFactor], *, errors: FieldErrors | None = None) -> Response:
    uow = request_unit_of_work()
    pending = collaborator(kind).pending(uow=uow, actor=current_actor())
    if pending is None:
        return _lead_to("second_factor.show")
    return _page(
        "account/second_factor_enrol.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        pending=pending,
        errors=_spoken(errors),
    )


def _codes_page(codes: list[str], *, first: bool) -> Response:
    return _page("account/recovery_codes.html", codes=codes, first=first)


def _spoken(errors: FieldErrors | None) -> dict[str, list[str]]:
    return {name: [field_message(message) for message in each] for name, each in (errors or {}).items()}


def _page(template: str, *, status: int = HTTPStatus.OK, **values: object) -> Response:
    frame = current_app.config["PAGE_TEMPLATE"]
    return make_response(render_template(template, page_template=frame, **values), int(status))


def _lead_to(endpoint: str, message: str = "", tone: str = "success") -> Response:
    if message:
        flash(message, tone)
    return make_response(redirect(url_for(endpoint), HTTPStatus.SEE_OTHER))
