"""Refresh and sign-out over the API, the same in every portal: the refresh token's secret is the proof."""

from typing import Any, Protocol

from central.auth.schemas import RefreshBody, TokensAnswer
from central.auth.sessions import Tokens
from central.gateway.public import guess_limited
from kernel.web.access import public
from kernel.web.api import Blueprint
from kernel.web.collaborators import collaborator


class TokenKeeper(Protocol):
    """What a portal's sign-in service does with refresh tokens; each call is a transaction of its own."""

    def refresh(self, token: str) -> Tokens:
        """Exchange it; raises InvalidSecret. One that is shown twice ends its session."""
        ...

    def sign_out(self, token: str) -> None:
        """End the session that it belongs to; raises InvalidSecret."""
        ...


def token_blueprint(keeper: type[TokenKeeper]) -> Blueprint:
    """The blueprint `auth` of a portal with /refresh and /logout; `keeper` is the collaborator that answers them."""
    blueprint = Blueprint("auth", __name__, url_prefix="/api/v1/auth", description="Signing in")

    @blueprint.route("/refresh", methods=["POST"])
    @public("The refresh token's secret is the proof.")
    @guess_limited
    @blueprint.arguments(RefreshBody)
    @blueprint.response(200, TokensAnswer)
    def refresh(body: dict[str, Any]) -> dict[str, Any]:
        """Exchange a refresh token; one that is shown twice ends the session."""
        return collaborator(keeper).refresh(body["refresh_token"]).as_json()

    @blueprint.route("/logout", methods=["POST"])
    @public("The refresh token's secret is the proof.")
    @guess_limited
    @blueprint.arguments(RefreshBody)
    @blueprint.response(204)
    def logout(body: dict[str, Any]) -> None:
        """End the session that a refresh token belongs to, with all its tokens."""
        collaborator(keeper).sign_out(body["refresh_token"])

    return blueprint
