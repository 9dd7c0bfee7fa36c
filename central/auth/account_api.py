"""One's own account over the API, the same for administrators and for staff."""

from typing import Any
from uuid import UUID

from central.auth.account import OwnAccount, OwnSession
from central.auth.gate import visitor
from central.auth.schemas import ChangePasswordBody, SessionsAnswer
from central.auth.signing_in import WrongPassword
from central.gateway.public import guess_limited
from kernel.listing import Page
from kernel.web.access import signed_in
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint, PageArguments
from kernel.web.collaborators import collaborator, request_unit_of_work


def add_account_routes(blueprint: Blueprint, kind: type[OwnAccount]) -> None:
    """Add /password and /sessions to the blueprint `auth` of a portal; `kind` is the collaborator that answers them."""

    @blueprint.route("/password", methods=["POST"])
    @signed_in
    @guess_limited
    @blueprint.arguments(ChangePasswordBody)
    @blueprint.response(204)
    def change_password(body: dict[str, Any]) -> None:
        """Change one's own password; the other sessions end."""
        uow = request_unit_of_work()
        try:
            collaborator(kind).change_password(
                uow=uow,
                actor=current_actor(),
                current=body["current_password"],
                new=body["new_password"],
                visitor=visitor(),
            )
        except WrongPassword:
            uow.commit()
            raise
        uow.commit()

    @blueprint.route("/sessions", methods=["GET"])
    @signed_in
    @blueprint.arguments(PageArguments, location="query")
    @blueprint.response(200, SessionsAnswer)
    def own_sessions(arguments: dict[str, Any]) -> Page[OwnSession]:
        """Where one is signed in, the latest first."""
        return collaborator(kind).sessions(uow=request_unit_of_work(), actor=current_actor(), **arguments)

    @blueprint.route("/sessions/<uuid:session_id>", methods=["DELETE"])
    @signed_in
    @blueprint.response(204)
    def end_session(session_id: UUID) -> None:
        """Sign out in one place."""
        uow = request_unit_of_work()
        collaborator(kind).end_session(uow=uow, actor=current_actor(), session_id=session_id)
        uow.commit()

    @blueprint.route("/sessions/end-all", methods=["POST"])
    @signed_in
    @blueprint.response(204)
    def sign_out_everywhere() -> None:
        """Sign out everywhere, here too."""
        uow = request_unit_of_work()
        collaborator(kind).end_everywhere(uow=uow, actor=current_actor())
        uow.commit()
