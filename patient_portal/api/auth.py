"""Activation and signing in over the API."""

from typing import Any

from flask_smorest import Blueprint

from central.auth.public import RefreshBody, TokensAnswer, visitor
from central.gateway.public import guess_limited
from kernel.web.access import public
from kernel.web.collaborators import collaborator
from patient_portal.api.schemas import ActivateBody, PatientSignInBody
from patient_portal.auth.activation import PatientActivation
from patient_portal.auth.sign_in import PatientSignIn

blueprint = Blueprint("auth", __name__, url_prefix="/api/v1/auth", description="Signing in")


@blueprint.route("/activate", methods=["POST"])
@public("Code and CCCD are the proof; tries are counted with the code, guesses limited by address.")
@guess_limited
@blueprint.arguments(ActivateBody)
@blueprint.response(200, TokensAnswer)
def activate(body: dict[str, Any]) -> dict[str, Any]:
    """Activate an account with the hospital's code, and be signed in; with a new code for an account, its reset."""
    return collaborator(PatientActivation).activate(**body, visitor=visitor()).as_json()


@blueprint.route("/login", methods=["POST"])
@public("It is how one becomes known; guesses are limited by address and by account.")
@guess_limited
@blueprint.arguments(PatientSignInBody)
@blueprint.response(200, TokensAnswer)
def login(body: dict[str, Any]) -> dict[str, Any]:
    """Sign in with CCCD and password."""
    tokens = collaborator(PatientSignIn).sign_in(
        cccd=body["cccd"], password=body["password"], hospital=body["tenant"], visitor=visitor()
    )
    return tokens.as_json()


@blueprint.route("/refresh", methods=["POST"])
@public("The refresh token's secret is the proof.")
@guess_limited
@blueprint.arguments(RefreshBody)
@blueprint.response(200, TokensAnswer)
def refresh(body: dict[str, Any]) -> dict[str, Any]:
    """Exchange a refresh token; one that is shown twice ends the session."""
    return collaborator(PatientSignIn).refresh(body["refresh_token"]).as_json()


@blueprint.route("/logout", methods=["POST"])
@public("The refresh token's secret is the proof.")
@guess_limited
@blueprint.arguments(RefreshBody)
@blueprint.response(204)
def logout(body: dict[str, Any]) -> None:
    """End the session that a refresh token belongs to, with all its tokens."""
    collaborator(PatientSignIn).sign_out(body["refresh_token"])
