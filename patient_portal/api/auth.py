"""Activation and signing in over the API."""

from typing import Any

from central.auth.public import TokensAnswer, add_factor_routes, token_blueprint, visitor
from central.gateway.public import guess_limited
from kernel.web.access import public
from kernel.web.collaborators import collaborator
from patient_portal.api.schemas import ActivateBody, PatientSignInBody
from patient_portal.auth.activation import PatientActivation
from patient_portal.auth.factors import PatientSecondFactor
from patient_portal.auth.sign_in import PatientSignIn

blueprint = token_blueprint(PatientSignIn)
add_factor_routes(blueprint, PatientSecondFactor)


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
    """Sign in with CCCD and password, and `otp` where there is a second factor."""
    tokens = collaborator(PatientSignIn).sign_in(
        cccd=body["cccd"], password=body["password"], otp=body["otp"], hospital=body["tenant"], visitor=visitor()
    )
    return tokens.as_json()
