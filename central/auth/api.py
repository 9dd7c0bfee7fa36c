"""Signing in of administrators over the API, and the public keys of all issuers."""

from typing import Any

from flask import Response, jsonify

from central.auth.account_api import add_account_routes
from central.auth.factor_api import add_factor_routes
from central.auth.gate import visitor
from central.auth.own_account import AdministratorAccount, AdministratorSecondFactor
from central.auth.schemas import AcceptInviteBody, SignInBody, TokensAnswer
from central.auth.sign_in import ConsoleSignIn
from central.auth.signing_keys import public_keys
from central.auth.token_api import token_blueprint
from central.gateway.public import guess_limited
from kernel.database.engines import Database
from kernel.web.access import public
from kernel.web.collaborators import collaborator

blueprint = token_blueprint(ConsoleSignIn)
add_account_routes(blueprint, AdministratorAccount)
add_factor_routes(blueprint, AdministratorSecondFactor)


@blueprint.route("/login", methods=["POST"])
@public("It is how one becomes known; guesses are limited by address and by account.")
@guess_limited
@blueprint.arguments(SignInBody)
@blueprint.response(200, TokensAnswer)
def login(body: dict[str, Any]) -> dict[str, Any]:
    """Sign in with a name and a password, and `otp` where there is a second factor."""
    tokens = collaborator(ConsoleSignIn).sign_in(
        username=body["username"], password=body["password"], otp=body["otp"], visitor=visitor()
    )
    return tokens.as_json()


@blueprint.route("/accept-invite", methods=["POST"])
@public("The invite's secret is the proof.")
@guess_limited
@blueprint.arguments(AcceptInviteBody)
@blueprint.response(200, TokensAnswer)
def accept(body: dict[str, Any]) -> dict[str, Any]:
    """Accept an invite: choose a password and be signed in."""
    tokens = collaborator(ConsoleSignIn).accept_invite(
        token=body["token"], password=body["password"], otp=body["otp"], visitor=visitor()
    )
    return tokens.as_json()


@public("Public keys are public.")
def jwks_document() -> Response:
    """RFC 7517: the public keys of all issuers."""
    with collaborator(Database).unit_of_work() as uow:
        response = jsonify(public_keys(uow=uow))
    response.cache_control.public = True
    response.cache_control.max_age = 300
    return response
