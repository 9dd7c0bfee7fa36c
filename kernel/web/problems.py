"""Errors → HTTP: RFC 9457 `application/problem+json` for programs, a page that says what to do for people."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, flash, g, jsonify, render_template, request, url_for
from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException

from kernel.errors import SecondFactorMissing, SessionEnded, SokhamError, Unavailable
from kernel.telemetry.logs import get_logger
from kernel.text import N_
from kernel.web.field_messages import field_message
from kernel.web.i18n import own_path

log = get_logger(__name__)

_CODES = {
    400: "invalid_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid_fields",
    429: "too_many_requests",
    503: "unavailable",
}

# Title and advice of the codes of kernel.errors; other errors bring their own, or borrow those of their status.
_SENTENCES: dict[str, tuple[str, str]] = {
    "invalid_request": (N_("The request cannot be read"), N_("Check how it is written and send it again.")),
    "unauthenticated": (N_("You are not signed in"), N_("Sign in and try again.")),
    "forbidden": (N_("Your account may not do this"), N_("Ask your administrator if your work needs it.")),
    "not_found": (N_("Nothing is here"), N_("It does not exist, or it is not yours to see.")),
    "method_not_allowed": (N_("That cannot be done here"), N_("Go back and use the page's own buttons.")),
    "conflict": (N_("That is not possible now"), N_("Look at it again: it may have changed.")),
    "changed_meanwhile": (
        N_("Somebody else changed this meanwhile"),
        N_("Load it again, compare, and save your change once more."),
    ),
    "precondition_required": (N_("The version is missing"), N_("Send If-Match with the ETag that you last saw.")),
    "too_large": (N_("That is too large"), N_("Send less at once.")),
    "unsupported_media_type": (N_("This kind of content is not understood here"), N_("Send JSON.")),
    "invalid_fields": (N_("Some fields need another look"), N_("Each field says what is wrong with it.")),
    "too_many_requests": (N_("Too fast"), N_("Wait a moment and try again.")),
    "unavailable": (N_("Not available for a moment"), N_("Nothing was lost. Try again shortly.")),
    "internal_error": (N_("Something went wrong on our side"), N_("Nothing was stored. We have been told.")),
}

_STATUS_CODES = {412: "changed_meanwhile", 428: "precondition_required", **_CODES}


def sentences(error: SokhamError) -> tuple[str, str]:
    """Title and advice in the reader's language: the error's own, or those of its code, or of its status."""
    fallback = _STATUS_CODES.get(error.status, "internal_error")
    title, advice = _SENTENCES.get(error.code) or _SENTENCES[fallback]
    return gettext(error.title or title), gettext(error.advice or advice)


def wants_problem() -> bool:
    """Whether the caller is a program: everything under /api and the machine's own addresses."""
    return request.path.startswith(("/api/", "/.well-known/", "/healthz", "/readyz", "/metrics"))


def problem(error: SokhamError) -> dict[str, Any]:
    """The members of the problem document; nothing of the exception's text is in it."""
    title, detail = sentences(error)
    body: dict[str, Any] = {
        "type": f"urn:sokham:problem:{error.code}",
        "title": title,
        "status": error.status,
        "detail": detail,
        "code": error.code,
        "request_id": g.get("request_id"),
    }
    if error.errors:
        body["errors"] = {field: [field_message(message) for message in each] for field, each in error.errors.items()}
    return {**error.data, **body}


def respond(error: SokhamError) -> Response:
    """The whole answer to an error, in the form that the caller reads. A person who is not signed in is led there; one
    who has to set up a second factor first, to that.
    """
    sign_in = current_app.config.get("SIGN_IN_ENDPOINT")
    if error.status == HTTPStatus.UNAUTHORIZED and sign_in and not wants_problem() and request.endpoint != sign_in:
        if isinstance(error, SessionEnded):
            title, advice = sentences(error)
            flash(f"{title}. {advice}", "warning")
        return _lead_to(url_for(sign_in, next=_page_left() or None))
    enrolment = current_app.config.get("ENROLMENT_ENDPOINT")
    if isinstance(error, SecondFactorMissing) and enrolment and not wants_problem():
        return _lead_to(url_for(enrolment))
    if wants_problem():
        response = jsonify(problem(error))
        response.content_type = "application/problem+json"
    else:
        response = Response(_page(problem(error), retry_after=error.retry_after))
    response.status_code = error.status
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    if error.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _page_left() -> str:
    """The page to come back to after signing in: the one asked for, or the one whose form or part asked."""
    if request.method == "GET" and not request.headers.get("HX-Request"):
        return own_path(request.full_path.rstrip("?"))
    page = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer") or "")
    if page.netloc != request.host:
        return ""
    return own_path(f"{page.path}?{page.query}" if page.query else page.path)


def _page(said: dict[str, Any], *, retry_after: int | None) -> str:
    """The page of an error: with the portal's navigation for whoever is known to be signed in.

    It is made of what the request holds already, and asks no database: that may be what failed. Should a page itself
    fail, a plainer one is shown; an error's page never is a further error.
    """
    signed_in = g.get("actor") is not None and not request.headers.get("HX-Request")
    for template in ("kit/error_inside.html", "kit/error.html")[0 if signed_in else 1 :]:
        try:
            return render_template(
                template, problem=said, retry_after=retry_after, page_template=current_app.config["PAGE_TEMPLATE"]
            )
        except Exception:
            log.exception("request.error_page_failed", template=template)
    words = (said["title"], said["detail"], said["request_id"] or "")
    return str(Markup("<!doctype html><title>{0}</title><h1>{0}</h1><p>{1}</p><p>{2}</p>").format(*words))


def _lead_to(address: str) -> Response:
    """A redirect that htmx follows with the whole page, not with a part of it."""
    if request.headers.get("HX-Request"):
        return Response(status=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": address})
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": address})


def from_http(error: HTTPException) -> SokhamError:
    """Flask's, werkzeug's and webargs' own errors as ours; fields' messages come from webargs."""
    status = error.code or 500
    data: dict[str, Any] = getattr(error, "data", None) or {}
    mapped = SokhamError(error.name, errors=_fields(data.get("messages")) if status == 422 else None)
    mapped.status = status  # type: ignore[misc]  # set on the instance: these have no class of ours
    mapped.code = _STATUS_CODES.get(status, "internal_error")  # type: ignore[misc]  # as above
    retry_after = getattr(error, "retry_after", None)
    if isinstance(retry_after, int):
        mapped.retry_after = retry_after
    return mapped


def _fields(messages: object) -> dict[str, list[str]]:
    """webargs says {location: {field: [messages]}}, nested for nested fields; ours is flat: `admin.email`."""
    flat: dict[str, list[str]] = {}

    def walk(path: str, node: object) -> None:
        if isinstance(node, dict):
            for key, value in node.items():
                walk(f"{path}.{key}" if path else str(key), value)
        elif isinstance(node, list):
            flat.setdefault(path or "_schema", []).extend(str(item) for item in node)

    for inner in messages.values() if isinstance(messages, dict) else []:
        walk("", inner)
    return flat


def install(app: Flask) -> None:
    """Map every error of `app`; what nobody foresaw is logged with its trace and answered without it."""

    def ours(error: SokhamError) -> Response:
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.warning("request.failed", code=error.code, error=str(error))
        return respond(error)

    def http(error: HTTPException) -> Response:
        response = respond(from_http(error))
        for name, value in error.get_headers():
            if name.lower() in {"allow", "location"}:
                response.headers[name] = value
        return response

    def database(error: DBAPIError) -> Response:
        """A database that went away in the middle is a moment's matter; any other of its errors is our mistake."""
        if error.connection_invalidated or isinstance(error, OperationalError):
            log.warning("request.database_away", error=type(error.orig).__name__)
            return respond(Unavailable())
        return unforeseen(error)

    def unforeseen(error: Exception) -> Response:
        log.error("request.crashed", exc_info=error)
        return respond(SokhamError())

    app.register_error_handler(SokhamError, ours)
    app.register_error_handler(HTTPException, http)
    app.register_error_handler(DBAPIError, database)
    app.register_error_handler(Exception, unforeseen)
