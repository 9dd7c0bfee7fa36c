"""Signing in of administrators over the API, and the public keys of all issuers."""

from typing import Any

from flask import Response, jsonify
from flask_smorest import Blueprint

from central.audit.public import security_event
from central.auth.administrators import AdministratorSessions, AdministratorSignIn
from central.auth.gate import visitor
from central.auth.models import Administrator
from central.auth.schemas import AcceptInviteBody, RefreshBody, SignInBody, TokensAnswer
from central.auth.secrets import CENTRAL_TAG, InvalidSecret, parse_secret
from central.auth.sessions import RefreshReplayed, Tokens
from central.auth.signing_in import SignInFailed
from central.auth.signing_keys import public_keys
from central.gateway.public import guess_limited
from kernel.database.engines import Database
from kernel.database.unit_of_work import UnitOfWork
from kernel.web.access import public
from kernel.web.collaborators import collaborator

blueprint = Blueprint("auth", __name__, url_prefix="/api/v1/auth", description="Signing in")


def sign_in(*, username: str, password: str) -> Tokens:
    """One sign-in: what was counted of a failure is committed, then the failure is raised."""
    signing_in = collaborator(AdministratorSignIn)
    with collaborator(Database).unit_of_work() as uow:
        try:
            account = signing_in.check(uow=uow, username=username, password=password, visitor=visitor())
        except SignInFailed:
            security_event(uow=uow, event="sign_in_failed", risk="low", details={"portal": "admin"})
            uow.commit()
            raise
        tokens = begin(uow, account)
        security_event(uow=uow, event="signed_in", risk="low", user_id=account.id, details={"portal": "admin"})
        uow.commit()
        return tokens


def accept_invite(*, token: str, password: str) -> Tokens:
    """Set the first password and sign in."""
    secret = parse_secret(token)
    if secret.tag != CENTRAL_TAG:
        raise InvalidSecret
    with collaborator(Database).unit_of_work() as uow:
        account = collaborator(AdministratorSignIn).accept(uow=uow, secret=secret, password=password)
        tokens = begin(uow, account)
        security_event(uow=uow, event="signed_in", risk="low", user_id=account.id, details={"portal": "admin"})
        uow.commit()
        return tokens


def begin(uow: UnitOfWork, account: Administrator) -> Tokens:
    """A new session of an administrator."""
    return collaborator(AdministratorSessions).start(
        uow=uow, account_id=account.id, tag=CENTRAL_TAG, claims={"role": account.role}, visitor=visitor()
    )


@blueprint.route("/login", methods=["POST"])
@public("It is how one becomes known; guesses are limited by address and by account.")
@guess_limited
@blueprint.arguments(SignInBody)
@blueprint.response(200, TokensAnswer)
def login(body: dict[str, Any]) -> dict[str, Any]:
    """Sign in with a name and a password."""
    return sign_in(username=body["username"], password=body["password"]).as_json()


@blueprint.route("/accept-invite", methods=["POST"])
@public("The invite's secret is the proof.")
@guess_limited
@blueprint.arguments(AcceptInviteBody)
@blueprint.response(200, TokensAnswer)
def accept(body: dict[str, Any]) -> dict[str, Any]:
    """Accept an invite: choose a password and be signed in."""
    return accept_invite(token=body["token"], password=body["password"]).as_json()


@blueprint.route("/refresh", methods=["POST"])
@public("The refresh token's secret is the proof.")
@guess_limited
@blueprint.arguments(RefreshBody)
@blueprint.response(200, TokensAnswer)
def refresh(body: dict[str, Any]) -> dict[str, Any]:
    """Exchange a refresh token; one that is shown twice ends the session."""
    secret = parse_secret(body["refresh_token"])
    sessions = collaborator(AdministratorSessions)
    with collaborator(Database).unit_of_work() as uow:
        try:
            session = sessions.renew(uow=uow, secret=secret)
        except RefreshReplayed:
            uow.commit()
            raise
        account = uow.session.get_one(Administrator, session.account_id)
        if account.status != "active":
            raise InvalidSecret
        tokens = sessions.tokens_for(uow=uow, session=session, tag=CENTRAL_TAG, claims={"role": account.role})
        uow.commit()
        return tokens.as_json()


@blueprint.route("/logout", methods=["POST"])
@public("The refresh token's secret is the proof.")
@guess_limited
@blueprint.arguments(RefreshBody)
@blueprint.response(204)
def logout(body: dict[str, Any]) -> None:
    """End the session that a refresh token belongs to, with all its tokens."""
    with collaborator(Database).unit_of_work() as uow:
        collaborator(AdministratorSessions).end_by_refresh(uow=uow, secret=parse_secret(body["refresh_token"]))
        uow.commit()


@public("Public keys are public.")
def jwks_document() -> Response:
    """RFC 7517: the public keys of all issuers."""
    with collaborator(Database).unit_of_work() as uow:
        response = jsonify(public_keys(uow=uow))
    response.cache_control.public = True
    response.cache_control.max_age = 300
    return response
