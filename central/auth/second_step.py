"""The second form of signing in: the code after the right password. The same pages in all three portals.

Between the two the browser holds a signed cookie of a few minutes that is good for nothing else (gate.give_step).
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Protocol

from flask import Blueprint, Response, current_app, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from central.auth.account_pages import NEEDED
from central.auth.factor_errors import OTP_FIELD_REFUSED, OtpRefused, OtpRequired
from central.auth.gate import STEP_PATH, Gate, visitor
from central.auth.lockout import SignInLocked
from central.auth.sessions import Sessions, Tokens, Visitor
from central.gateway.public import guess_limited
from kernel.errors import FieldErrors, Unauthenticated, Unavailable
from kernel.web.access import public
from kernel.web.collaborators import collaborator
from kernel.web.field_messages import field_message
from kernel.web.i18n import own_path, shown_moment
from kernel.web.problems import sentences


class StepKeeper(Protocol):
    """What a portal's sign-in service does with the second step; the call is a transaction of its own."""

    @property
    def sessions(self) -> Sessions:
        """The portal's sessions."""
        ...

    def finish(self, *, step: Mapping[str, Any], otp: str, visitor: Visitor) -> Tokens:
        """A session, where the code is right; raises OtpRefused, SignInLocked, Unauthenticated."""
        ...


def ask_for_code(needed: OtpRequired, *, sessions: Sessions, next_path: str) -> Response:
    """After the right password: on to the second form, with nothing given but the way there."""
    response = make_response(
        redirect(url_for("second_step.sign_in_code", next=own_path(next_path) or None), HTTPStatus.SEE_OTHER)
    )
    return collaborator(Gate).give_step(response, sessions.step_token(needed.step))


def second_step_pages(keeper: type[StepKeeper], let_in: Callable[[Tokens, str], Response]) -> Blueprint:
    """The pages; `keeper` is the portal's sign-in service, `let_in` puts tokens into the browser and leads on."""
    blueprint = Blueprint("second_step", __name__, url_prefix=STEP_PATH)

    @blueprint.route("")
    @public("It asks for the code of whoever gave the right password in this browser a moment ago.")
    def sign_in_code() -> Response:
        """The form; without a password before it, back to the beginning."""
        try:
            collaborator(Gate).step()
        except Unauthenticated:
            return _from_the_start()
        return _form()

    @blueprint.route("", methods=["POST"])
    @public("The code is the proof, beside the password before it; guesses are limited by address and by account.")
    @guess_limited
    def sign_in_by_code() -> Response:
        """Check the code, and let in."""
        otp = request.form.get("otp", "")[:100]
        if not otp.strip():
            return _form(errors={"otp": [NEEDED]})
        try:
            step = collaborator(Gate).step()
            tokens = collaborator(keeper).finish(step=step, otp=otp, visitor=visitor())
        except OtpRefused:
            return _form(errors={"otp": [OTP_FIELD_REFUSED]})
        except (SignInLocked, Unavailable) as refusal:
            return _form(refusal=refusal)
        except Unauthenticated:
            return _from_the_start()
        return let_in(tokens, own_path(request.form.get("next")))

    return blueprint


def greet_with(tokens: Tokens) -> None:
    """Tell whoever signed in what they are to know of their second factor."""
    greeting = tokens.greeting
    if greeting.mfa_reset_at is not None:
        flash(
            gettext(
                "Your second factor was taken away on %(when)s. If you did not ask for that, tell your administrator or"
                " your hospital now; then set it up again.",
                when=shown_moment(greeting.mfa_reset_at),
            ),
            "warning",
        )
    if greeting.recovery_left is not None:
        flash(
            ngettext(
                "That recovery code is used up. %(num)d is left.",
                "That recovery code is used up. %(num)d are left.",
                greeting.recovery_left,
            ),
            "warning",
        )


def _form(*, errors: FieldErrors | None = None, refusal: SignInLocked | Unavailable | None = None) -> Response:
    title, advice = sentences(refusal) if refusal else ("", "")
    page = render_template(
        "account/sign_in_code.html",
        errors={name: [field_message(message) for message in each] for name, each in (errors or {}).items()},
        refusal={"title": title, "advice": advice} if refusal else None,
        next_path=own_path(request.values.get("next")),
        sign_in=url_for(current_app.config["SIGN_IN_ENDPOINT"]),
    )
    status = refusal.status if refusal else HTTPStatus.UNAUTHORIZED if errors else HTTPStatus.OK
    response = make_response(page, int(status))
    if refusal is not None and refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def _from_the_start() -> Response:
    flash(gettext("That took too long. Sign in once more."), "info")
    where = url_for(current_app.config["SIGN_IN_ENDPOINT"], next=own_path(request.values.get("next")) or None)
    return collaborator(Gate).take_step(make_response(redirect(where, HTTPStatus.SEE_OTHER)))
