"""Signing in, activating an account, signing out."""

from collections.abc import Sequence
from uuid import UUID

import flask
from flask import Blueprint, flash, render_template, request
from flask_babel import gettext
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response

from central.auth.public import (
    Gate,
    InvalidSecret,
    OtpRefused,
    OtpRequired,
    SignInLocked,
    Tokens,
    ask_for_code,
    greet_with,
    second_step_pages,
    visitor,
)
from central.gateway.public import guess_limited
from kernel.errors import InvalidFields, SokhamError, Unauthenticated
from kernel.ids import TenantId
from kernel.web.access import public
from kernel.web.collaborators import collaborator
from kernel.web.i18n import back_to
from kernel.web.problems import sentences
from patient_portal.auth.activation import PatientActivation
from patient_portal.auth.sessions import PatientSessions
from patient_portal.auth.sign_in import PatientSignIn
from patient_portal.errors import PatientSignInFailed
from patient_portal.pages.forms import Errors, go, sentence, translated

pages = Blueprint("session", __name__)

Page = str | Response | tuple[str, int]


@pages.route("/sign-in", methods=["GET"])
@public("It is how one becomes known.")
def sign_in() -> Page:
    """The form."""
    return render_template(
        "patient/sign_in.html", errors={}, message=None, away=[], form={"next": request.args.get("next", "/")}
    )


@pages.route("/sign-in", methods=["POST"])
@public("It is how one becomes known; guesses are limited by address and by account.")
@guess_limited
def sign_in_now() -> Page:
    """Check what was typed."""
    form = request.form
    try:
        tokens = collaborator(PatientSignIn).sign_in(
            cccd=form.get("cccd", ""),
            password=form.get("password", "")[:1000],
            otp=None,
            hospital=form.get("tenant", "").strip() or None,
            visitor=visitor(),
        )
    except OtpRequired as needed:
        return ask_for_code(needed, sessions=collaborator(PatientSessions), next_path=back_to())
    except InvalidFields as error:
        return _again("patient/sign_in.html", error, translated(error))
    except PatientSignInFailed as error:
        return _again("patient/sign_in.html", error, {}, away=error.away)
    return _welcome(tokens, back_to())


@pages.route("/activate", methods=["GET"])
@public("It is how one becomes known.")
def activate() -> Page:
    """The form."""
    return render_template("patient/activate.html", errors={}, message=None, form={}, asks_code=False)


@pages.route("/activate", methods=["POST"])
@public("Code and CCCD are the proof; tries are counted with the code, guesses limited by address.")
@guess_limited
def activate_now() -> Page:
    """Redeem the code."""
    form = request.form
    try:
        tokens = collaborator(PatientActivation).activate(
            cccd=form.get("cccd", ""),
            activation_code=form.get("activation_code", ""),
            password=form.get("password", "")[:1000],
            otp=form.get("otp", "")[:100],
            visitor=visitor(),
        )
    except (OtpRequired, OtpRefused) as error:
        return _again("patient/activate.html", error, {"otp": [sentences(error)[0]]}, asks_code=True)
    except (InvalidFields, InvalidSecret, SignInLocked) as error:
        return _again("patient/activate.html", error, translated(error), asks_code="otp" in form)
    flash(
        gettext("Your account is ready. Next time, sign in with your citizen ID number and this password."), "success"
    )
    return _welcome(tokens, "")


@pages.route("/sign-out", methods=["POST"])
@public("Whoever sends it ends their own session only; the form's token keeps others from sending it for them.")
def sign_out() -> Page:
    """End the session, and in any case take it out of this browser."""
    gate = collaborator(Gate)
    try:
        claims = gate.claims()
        collaborator(PatientSignIn).end(
            tenant=TenantId.parse(claims["tenant"]),
            account_id=UUID(str(claims["sub"])),
            session_id=UUID(str(claims["sid"])),
        )
        flash(gettext("You are signed out."), "success")
    except Unauthenticated:
        flash(gettext("You are signed out."), "success")
    except (SokhamError, OperationalError):
        # The row could not be reached; it ends by itself when it has not been used for half an hour.
        flash(gettext("You are signed out on this device."), "success")
    return gate.take_cookie(flask.make_response(go("session.sign_in")))


def _again(
    template: str, error: SokhamError, errors: Errors, *, away: Sequence[str] = (), asks_code: bool = False
) -> tuple[str, int]:
    """The form with what was typed, but never the password or the code. `away`: names of hospitals."""
    kept = {name: request.form.get(name, "") for name in ("cccd", "tenant", "next")}
    message = None if errors else sentence(error)
    page = render_template(template, errors=errors, message=message, away=away, form=kept, asks_code=asks_code)
    return page, error.status


def _welcome(tokens: Tokens, next_path: str) -> flask.Response:
    """Into the portal, with the page token in the browser."""
    gate, sessions = collaborator(Gate), collaborator(PatientSessions)
    response = flask.make_response(flask.redirect(next_path or "/", 303))
    greet_with(tokens)
    return gate.give_cookie(response, tokens, lifetime=sessions.rules.absolute)


second_step = second_step_pages(PatientSignIn, _welcome)
