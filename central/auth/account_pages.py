"""One's own account as pages under /account, the same in the console and in the staff portal."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, Response, current_app, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext

from central.auth.account import OwnAccount
from central.auth.gate import Gate, visitor
from central.auth.lockout import SignInLocked
from central.auth.signing_in import WrongPassword
from central.gateway.public import guess_limited
from kernel.errors import FieldErrors, InvalidFields
from kernel.passwords import MINIMUM_LENGTH
from kernel.text import N_
from kernel.web.access import signed_in
from kernel.web.actor import current_actor
from kernel.web.collaborators import collaborator, request_unit_of_work
from kernel.web.field_messages import field_message
from kernel.web.problems import sentences

NEEDED = N_("This is needed.")
NOT_TWICE = N_("The two do not match.")


def account_pages(kind: type[OwnAccount]) -> Blueprint:
    """The pages; `kind` is the portal's collaborator that answers them."""
    blueprint = Blueprint("account", __name__, url_prefix="/account")

    @blueprint.route("/password")
    @signed_in
    def password() -> Response:
        """The form."""
        request_unit_of_work().commit()
        return _password_form()

    @blueprint.route("/password", methods=["POST"])
    @signed_in
    @guess_limited
    def change_password() -> Response:
        """Change it; a refusal comes back as the form, with nothing of what was typed."""
        uow = request_unit_of_work()
        typed = {name: request.form.get(name, "") for name in ("current_password", "new_password", "repeated")}
        errors = {name: [NEEDED] for name, text in typed.items() if not text}
        if not errors and typed["new_password"] != typed["repeated"]:
            errors = {"repeated": [NOT_TWICE]}
        if errors:
            return _password_form(errors=errors)
        try:
            collaborator(kind).change_password(
                uow=uow,
                actor=current_actor(),
                current=typed["current_password"],
                new=typed["new_password"],
                visitor=visitor(),
            )
        except WrongPassword as wrong:
            uow.commit()
            return _password_form(errors=wrong.errors)
        except InvalidFields as wrong:
            return _password_form(errors=wrong.errors)
        except SignInLocked as refusal:
            return _password_form(refusal=refusal)
        uow.commit()
        return _lead_to("account.sessions", gettext("Your password is changed. You are signed out everywhere else."))

    @blueprint.route("/sessions")
    @signed_in
    def sessions() -> Response:
        """Where one is signed in."""
        uow = request_unit_of_work()
        account = collaborator(kind)
        found = account.sessions(uow=uow, actor=current_actor(), cursor=request.args.get("cursor") or None)
        uow.commit()
        return _page("account/sessions.html", sessions=found.items, next_cursor=found.next_cursor, rules=account.rules)

    @blueprint.route("/sessions/<uuid:session_id>/end", methods=["POST"])
    @signed_in
    def end_session(session_id: UUID) -> Response:
        """Sign out in one place; here, that is leaving."""
        uow = request_unit_of_work()
        collaborator(kind).end_session(uow=uow, actor=current_actor(), session_id=session_id)
        uow.commit()
        if session_id == current_actor().session_id:
            return _leave()
        return _lead_to("account.sessions", gettext("That session is ended."))

    @blueprint.route("/sessions/end-all", methods=["POST"])
    @signed_in
    def sign_out_everywhere() -> Response:
        """Sign out everywhere, here too."""
        uow = request_unit_of_work()
        collaborator(kind).end_everywhere(uow=uow, actor=current_actor())
        uow.commit()
        return _leave()

    return blueprint


def _password_form(*, errors: FieldErrors | None = None, refusal: SignInLocked | None = None) -> Response:
    title, advice = sentences(refusal) if refusal else ("", "")
    response = _page(
        "account/password.html",
        status=refusal.status if refusal else HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        errors={name: [field_message(message) for message in each] for name, each in (errors or {}).items()},
        refusal={"title": title, "advice": advice} if refusal else None,
        minimum=MINIMUM_LENGTH,
    )
    if refusal is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def _page(template: str, *, status: int = HTTPStatus.OK, **values: object) -> Response:
    frame = current_app.config["PAGE_TEMPLATE"]
    return make_response(render_template(template, page_template=frame, **values), int(status))


def _lead_to(endpoint: str, message: str, tone: str = "success") -> Response:
    flash(message, tone)
    return make_response(redirect(url_for(endpoint), HTTPStatus.SEE_OTHER))


def _leave() -> Response:
    g.pop("actor", None)
    response = _lead_to(current_app.config["SIGN_IN_ENDPOINT"], gettext("You are signed out."), "info")
    return collaborator(Gate).take_cookie(response)
