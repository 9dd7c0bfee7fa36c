"""Signing in and out, and accepting an administrator's invite."""

from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, g, request, url_for
from flask_babel import gettext

from central.auth.administrators import AdministratorSessions
from central.auth.public import (
    Gate,
    InvalidSecret,
    OtpRequired,
    SignInFailed,
    SignInLocked,
    Tokens,
    ask_for_code,
    greet_with,
    second_step_pages,
    visitor,
)
from central.auth.sign_in import ConsoleSignIn
from central.console.forms import REQUIRED
from central.console.pages.answers import lead_to, page, shown, spoken, words
from central.gateway.public import guess_limited
from kernel.errors import InvalidFields, SokhamError
from kernel.passwords import MINIMUM_LENGTH
from kernel.web.access import enrolling, public, signed_in
from kernel.web.actor import current_actor
from kernel.web.collaborators import collaborator, request_unit_of_work
from kernel.web.i18n import own_path

blueprint = Blueprint("session", __name__)

# Where somebody goes first, by what they may do.
_FIRST_PAGES: Final = (
    ("tenant.read", "overview.show"),
    ("patient_index.lookup", "lookup.form"),
    ("sync.read", "sync_pages.state"),
    ("administrator.read", "people.listed"),
    ("security.read", "records.security"),
    ("audit.read", "records.audit"),
)


@blueprint.route("/")
@signed_in
def home() -> Response:
    """The first page that one may see."""
    actor = current_actor()
    for permission, endpoint in _FIRST_PAGES:
        if actor.may(permission):
            return lead_to(url_for(endpoint))
    return shown("nothing.html")


@blueprint.route("/sign-in")
@public("It is how one becomes known.")
def sign_in() -> Response:
    """The form."""
    return _form(username="", next_path=own_path(request.args.get("next")))


@blueprint.route("/sign-in", methods=["POST"])
@public("Name and password are the proof; guesses are limited by address and by account.")
@guess_limited
def do_sign_in() -> Response:
    """Sign in; a refusal comes back as the form with what was typed, but for the password."""
    username, password = request.form.get("username", "").strip(), request.form.get("password", "")
    next_path = own_path(request.form.get("next"))
    missing = {name: [gettext(REQUIRED)] for name in ("username", "password") if not request.form.get(name, "").strip()}
    if missing:
        return _form(username=username, next_path=next_path, errors=missing, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        tokens = collaborator(ConsoleSignIn).sign_in(username=username, password=password, otp=None, visitor=visitor())
    except OtpRequired as needed:
        return ask_for_code(needed, sessions=collaborator(AdministratorSessions), next_path=next_path)
    except (SignInFailed, SignInLocked) as refusal:
        return _form(username=username, next_path=next_path, refusal=refusal)
    return _let_in(tokens, next_path=next_path)


@blueprint.route("/invite")
@public("It shows an empty form; the code comes in the part of the address that is never sent.")
def accept_invite() -> Response:
    """Where an invite's link leads: `/invite#<code>`."""
    return page("session/invite.html", token="", errors={}, refusal=None, minimum=MINIMUM_LENGTH)


@blueprint.route("/invite", methods=["POST"])
@public("The invite's secret is the proof; guesses are limited by address.")
@guess_limited
def do_accept_invite() -> Response:
    """Choose the first password, and be signed in."""
    token, password = request.form.get("token", "").strip(), request.form.get("password", "")
    missing = {name: [gettext(REQUIRED)] for name in ("token", "password") if not request.form.get(name, "").strip()}
    if missing:
        return _invite_form(token=token, errors=missing, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        tokens = collaborator(ConsoleSignIn).accept_invite(token=token, password=password, otp=None, visitor=visitor())
    except InvalidFields as wrong:
        return _invite_form(token=token, errors=spoken(wrong.errors), status=wrong.status)
    except InvalidSecret as refusal:
        return _invite_form(token="", errors={}, refusal=refusal, status=refusal.status)
    return _let_in(tokens, message=gettext("Welcome. From now on, sign in with your user name and this password."))


@blueprint.route("/sign-out", methods=["POST"])
@enrolling
def sign_out() -> Response:
    """End this session, in the browser and in the database."""
    uow = request_unit_of_work()
    collaborator(AdministratorSessions).end(uow=uow, session_id=current_actor().session_id)
    uow.commit()
    g.pop("actor", None)
    response = lead_to(url_for("session.sign_in"), message=gettext("You are signed out."), tone="info")
    return collaborator(Gate).take_cookie(response)


def _form(
    *,
    username: str,
    next_path: str,
    errors: dict[str, list[str]] | None = None,
    refusal: SokhamError | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    response = page(
        "session/sign_in.html",
        status=refusal.status if refusal else status,
        username=username,
        next_path=next_path,
        errors=errors or {},
        refusal=_refused(refusal),
    )
    if refusal is not None and refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def _refused(refusal: SokhamError | None) -> dict[str, str] | None:
    """The shared words for a failed sign-in name a hospital, which an administrator does not give."""
    if isinstance(refusal, SignInFailed):
        return {**words(refusal), "advice": gettext("Check the user name and the password, and try again.")}
    return words(refusal) if refusal else None


def _invite_form(
    *, token: str, errors: dict[str, list[str]], status: int, refusal: SokhamError | None = None
) -> Response:
    return page(
        "session/invite.html",
        status=status,
        token=token,
        errors=errors,
        refusal=words(refusal) if refusal else None,
        minimum=MINIMUM_LENGTH,
    )


def _let_in(tokens: Tokens, *, next_path: str = "", message: str = "") -> Response:
    response = lead_to(next_path or url_for("session.home"), message=message)
    greet_with(tokens)
    return collaborator(Gate).give_cookie(response, tokens, lifetime=collaborator(AdministratorSessions).rules.absolute)


def _let_in_by_code(tokens: Tokens, next_path: str) -> Response:
    return _let_in(tokens, next_path=next_path)


second_step = second_step_pages(ConsoleSignIn, _let_in_by_code)
