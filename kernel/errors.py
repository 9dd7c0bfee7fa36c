"""Errors that a caller may see: a stable code, a status, safe data. kernel.web.problems makes HTTP of them.

The text of an exception is for the log; what a client reads is chosen by `code` from the catalogue of translations.
"""

from collections.abc import Mapping
from typing import ClassVar

from kernel.text import N_

FieldErrors = Mapping[str, list[str]]


class SokhamError(Exception):
    """A refusal or failure with a stable code.

    `code` is snake_case and never changes its meaning; `status` is the HTTP status; `retry_after` is in seconds;
    `data` holds only what the asker may know. A class may bring its own `title` (what happened) and `advice` (what to
    do), English and marked with N_; otherwise those of its code or status are shown.
    """

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = ""
    advice: ClassVar[str] = ""

    def __init__(
        self,
        message: str = "",
        *,
        data: Mapping[str, object] | None = None,
        retry_after: int | None = None,
        errors: FieldErrors | None = None,
    ) -> None:
        super().__init__(message or self.code)
        self.data = dict(data or {})
        self.retry_after = retry_after
        self.errors = {field: list(messages) for field, messages in (errors or {}).items()}


class InvalidRequest(SokhamError):
    """The request itself is malformed."""

    code = "invalid_request"
    status = 400


class InvalidFields(SokhamError):
    """The request was understood, and names fields that do not hold; `errors` has the messages of each field."""

    code = "invalid_fields"
    status = 422


class InvalidIdentifier(SokhamError):
    """Text that should be an identifier is none; `what` names the kind, never the value."""

    code = "not_found"
    status = 404

    def __init__(self, what: str) -> None:
        super().__init__(f"invalid identifier: {what}")
        self.what = what


class Unauthenticated(SokhamError):
    """Nobody is signed in, or the session has ended."""

    code = "unauthenticated"
    status = 401


class SessionEnded(Unauthenticated):
    """Somebody who was signed in is not any more: the session ran idle, reached its age, or was ended elsewhere."""

    title = N_("Your session has ended")
    advice = N_("It was not used for a while, or was ended elsewhere. Sign in and go on where you were.")


class Forbidden(SokhamError):
    """Signed in, and not allowed."""

    code = "forbidden"
    status = 403


class SecondFactorMissing(Forbidden):
    """The actor's role needs a second factor, and there is none yet: nothing else is open until it is set up."""

    code = "second_factor_missing"
    title = N_("Your role needs a second factor")
    advice = N_("Set it up first; from then on signing in takes a code from your phone beside the password.")


class NotFound(SokhamError):
    """It does not exist, or it is another hospital's: outside there is one answer for both."""

    code = "not_found"
    status = 404


class Conflict(SokhamError):
    """The state of things does not allow it now."""

    code = "conflict"
    status = 409


class PreconditionRequired(SokhamError):
    """An update came without If-Match."""

    code = "precondition_required"
    status = 428


class PreconditionFailed(SokhamError):
    """Somebody else changed it since it was read."""

    code = "changed_meanwhile"
    status = 412


class UnsupportedMediaType(SokhamError):
    """The body is not of the media type that the route takes."""

    code = "unsupported_media_type"
    status = 415


class TooManyRequests(SokhamError):
    """Too fast; `retry_after` says when to come back."""

    code = "too_many_requests"
    status = 429


class Unavailable(SokhamError):
    """Something that the answer needs is away for now; trying again later may help."""

    code = "unavailable"
    status = 503

    def __init__(self, message: str = "", *, data: Mapping[str, object] | None = None, retry_after: int = 5) -> None:
        super().__init__(message, data=data, retry_after=retry_after)
