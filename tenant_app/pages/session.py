"""Signing in and out, and accepting an invite."""

from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, g, request, url_for
from flask_babel import gettext

from central.auth.public import (
    Gate,
    InvalidSecret,
    Invited,
    OtpRefused,
    OtpRequired,
    SignInFailed,
    SignInLocked,
    Tokens,
    ask_for_code,
    greet_with,
    second_step_pages,
    visitor,
)
from central.gateway.public import guess_limited
from central.router.public import HospitalSuspended, HospitalUnknown, TenantRouter
from kernel.errors import InvalidFields, InvalidIdentifier, SokhamError, Unavailable
from kernel.passwords import MINIMUM_LENGTH
from kernel.settings import Settings
from kernel.web.access import enrolling, public, signed_in
from kernel.web.actor import current_actor
from kernel.web.collaborators import collaborator, request_unit_of_work
from kernel.web.i18n import own_path
from kernel.web.problems import sentences
from tenant_app.auth.service import StaffSignIn
from tenant_app.pages.forms import MISSING, lead_to, page, spoken, typed

blueprint = Blueprint("session", __name__)

HOSPITAL_COOKIE: Final = "sokham_staff_hospital"
_YEAR: Final = 365 * 24 * 3600
# Where somebody goes first, by what they may do.
_FIRST_PAGES: Final = (
    ("appointment.read", "day.show"),
    ("patient.read", "patient_pages.find"),
    ("staff.read", "staff_pages.people"),
    ("hospital.read", "hospital_pages.show"),
)


@blueprint.route("/")
@signed_in
def home() -> Response:
    """The first page of the day that one may see."""
    actor = current_actor()
    for permission, endpoint in _FIRST_PAGES:
        if actor.may(permission):
            return lead_to(url_for(endpoint))
    return page("session/nothing.html", status=HTTPStatus.FORBIDDEN)


@blueprint.route("/sign-in")
@public("It is how one becomes known.")
def sign_in() -> Response:
    """The form, with the hospital of last time."""
    hospital = request.cookies.get(HOSPITAL_COOKIE, "")
    return _sign_in_form(hospital=hospital, username="", next_path=own_path(request.args.get("next")))


@blueprint.route("/sign-in", methods=["POST"])
@public("Hospital, name and password are the proof; guesses are limited by address and by account.")
@guess_limited
def do_sign_in() -> Response:
    """Sign in; every refusal comes back as the form with what was typed, but for the password."""
    hospital, username = typed("hospital").lower(), typed("username")
    password = request.form.get("password", "")
    next_path = own_path(request.form.get("next"))
    given = {"hospital": hospital, "username": username, "password": password}
    if missing := {name: [gettext(MISSING)] for name, value in given.items() if not value}:
        return _sign_in_form(
            hospital=hospital,
            username=username,
            next_path=next_path,
            errors=missing,
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
        )
    try:
        tokens = collaborator(StaffSignIn).sign_in(
            hospital=hospital, username=username, password=password, otp=None, visitor=visitor()
        )
    except OtpRequired as needed:
        return ask_for_code(needed, sessions=collaborator(StaffSignIn).sessions, next_path=next_path)
    except (SignInFailed, SignInLocked, Unavailable) as refusal:
        why = _suspension(hospital) or refusal if isinstance(refusal, SignInFailed) else refusal
        return _sign_in_form(hospital=hospital, username=username, next_path=next_path, refusal=why)
    return _let_in(tokens, next_path)


@blueprint.route("/invite")
@public("It shows an empty form; the code comes in the part of the address that is never sent.")
def accept_invite() -> Response:
    """Where an invite's link leads: `/invite#<code>`."""
    return page("session/invite_code.html", errors={}, code="", refusal=None)


@blueprint.route("/invite", methods=["POST"])
@public("The invite's secret is the proof; guesses are limited by address.")
@guess_limited
def do_accept_invite() -> Response:
    """The code → a greeting and the password's form; with the password → signed in."""
    code = request.form.get("code", "").strip()
    sign_in_of_staff = collaborator(StaffSignIn)
    password = request.form.get("password")
    otp = request.form.get("otp", "")[:100]
    try:
        invited = sign_in_of_staff.greet(code)
        if password is None:
            return _password_form(code=code, invited=invited)
        return _accept(code, invited, password=password, otp=otp)
    except (InvalidSecret, SignInLocked, Unavailable) as refusal:
        return page("session/invite_code.html", status=refusal.status, errors={}, code="", refusal=_words(refusal))


@blueprint.route("/sign-out", methods=["POST"])
@enrolling
def sign_out() -> Response:
    """End this session here and in the hospital's database."""
    uow = request_unit_of_work()
    collaborator(StaffSignIn).end(uow=uow, session_id=current_actor().session_id)
    uow.commit()
    g.pop("actor", None)
    response = lead_to(url_for("session.sign_in"), message=gettext("You are signed out."), tone="info")
    return collaborator(Gate).take_cookie(response)


def _sign_in_form(
    *,
    hospital: str,
    username: str,
    next_path: str,
    errors: dict[str, list[str]] | None = None,
    refusal: SokhamError | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    response = page(
        "session/sign_in.html",
        status=refusal.status if refusal else status,
        hospital=hospital,
        username=username,
        next_path=next_path,
        errors=errors or {},
        refusal=_words(refusal) if refusal else None,
        retry_after=refusal.retry_after if refusal else None,
    )
    if refusal is not None and refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def _accept(code: str, invited: Invited, *, password: str, otp: str) -> Response:
    try:
        tokens = collaborator(StaffSignIn).accept_invite(token=code, password=password, otp=otp, visitor=visitor())
    except InvalidFields as wrong:
        return _password_form(code=code, invited=invited, errors=spoken(wrong.errors), status=wrong.status)
    except (OtpRequired, OtpRefused) as wrong:
        return _password_form(code=code, invited=invited, errors={"otp": [sentences(wrong)[0]]}, status=wrong.status)
    return _let_in(tokens, "", gettext("Welcome. From now on, sign in with your user name and this password."))


def _password_form(
    *, code: str, invited: Invited, errors: dict[str, list[str]] | None = None, status: int = HTTPStatus.OK
) -> Response:
    return page(
        "session/invite_password.html",
        status=status,
        code=code,
        name=invited.name,
        asks_code=invited.asks_code,
        errors=errors or {},
        minimum=MINIMUM_LENGTH,
    )


def _suspension(hospital: str) -> HospitalSuspended | None:
    """Whether the sign-in failed for all there: the people concerned should know whom to ask.

    That a hospital is suspended is no secret of anybody's account; the work of a password check has been done by now.
    """
    try:
        collaborator(TenantRouter).route_by_code(hospital)
    except HospitalSuspended as suspended:
        return suspended
    except (HospitalUnknown, InvalidIdentifier, Unavailable):
        return None
    return None


def _words(refusal: SokhamError) -> dict[str, str]:
    title, advice = sentences(refusal)
    return {"title": title, "advice": advice}


def _let_in(tokens: Tokens, next_path: str, message: str = "") -> Response:
    response = lead_to(next_path or url_for("session.home"), message=message)
    greet_with(tokens)
    sign_in_of_staff = collaborator(StaffSignIn)
    collaborator(Gate).give_cookie(response, tokens, lifetime=sign_in_of_staff.sessions.rules.absolute)
    response.set_cookie(
        HOSPITAL_COOKIE,
        tokens.tag,
        max_age=_YEAR,
        httponly=True,
        secure=collaborator(Settings).secure_cookies,
        samesite="Lax",
    )
    return response


second_step = second_step_pages(StaffSignIn, _let_in)
