"""Signing in of staff over the API."""

from typing import Any

from central.auth.public import (
    AcceptInviteBody,
    TenantSignInBody,
    TokensAnswer,
    add_account_routes,
    add_factor_routes,
    token_blueprint,
    visitor,
)
from central.gateway.public import guess_limited
from kernel.web.access import public
from kernel.web.collaborators import collaborator
from tenant_app.auth.own_account import StaffAccount, StaffSecondFactor
from tenant_app.auth.service import StaffSignIn

blueprint = token_blueprint(StaffSignIn)
add_account_routes(blueprint, StaffAccount)
add_factor_routes(blueprint, StaffSecondFactor)


@blueprint.route("/login", methods=["POST"])
@public("It is how one becomes known; guesses are limited by address and by account.")
@guess_limited
@blueprint.arguments(TenantSignInBody)
@blueprint.response(200, TokensAnswer)
def login(body: dict[str, Any]) -> dict[str, Any]:
    """Sign in at a hospital with a name and a password, and `otp` where there is a second factor."""
    tokens = collaborator(StaffSignIn).sign_in(
        hospital=body["tenant"],
        username=body["username"],
        password=body["password"],
        otp=body["otp"],
        visitor=visitor(),
    )
    return tokens.as_json()


@blueprint.route("/accept-invite", methods=["POST"])
@public("The invite's secret is the proof.")
@guess_limited
@blueprint.arguments(AcceptInviteBody)
@blueprint.response(200, TokensAnswer)
def accept(body: dict[str, Any]) -> dict[str, Any]:
    """Accept an invite: choose a password and be signed in."""
    return (
        collaborator(StaffSignIn)
        .accept_invite(token=body["token"], password=body["password"], otp=body["otp"], visitor=visitor())
        .as_json()
    )
