"""What surrounds each request: its id, its log line, its figures, and the form of its body."""

import re
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar
from uuid import uuid4

from flask import Flask, Response, g, request

from kernel.errors import InvalidRequest, UnsupportedMediaType
from kernel.telemetry import logs
from kernel.telemetry.metrics import REQUEST_SECONDS, REQUESTS
from kernel.text import storable
from kernel.web.collaborators import close_unit_of_work

log = logs.get_logger(__name__)

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
View = TypeVar("View", bound=Callable[..., Any])
_UPLOAD: Final = "__sokham_upload__"
# What a form around a file takes besides the file.
_AROUND: Final = 64 * 1024
_FILE_FORM: Final = "multipart/form-data"

_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


def of_api() -> bool:
    """Whether this request is of the API: a Bearer token, JSON, and no page around what it answers."""
    return request.path.startswith("/api/")


def takes_file(largest: int) -> Callable[[View], View]:
    """Declare that a route takes a form with a file of so many bytes at most; all others keep to the usual limit."""

    def mark(view: View) -> View:
        setattr(view, _UPLOAD, largest)
        return view

    return mark


def install(app: Flask, *, portal: str) -> None:
    """Give each request an id (the caller's own where it is well formed), and say how it went."""

    def begin() -> None:
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex
        g.started = time.perf_counter()
        logs.clear()
        logs.bind(request_id=g.request_id)

    def allow_file() -> None:
        largest: int | None = getattr(app.view_functions.get(request.endpoint or ""), _UPLOAD, None)
        if largest is not None and request.method == "POST":
            request.max_content_length = largest + _AROUND

    def refuse_other_media() -> None:
        if not of_api() or request.method not in {"POST", "PUT", "PATCH"}:
            return
        if hasattr(app.view_functions.get(request.endpoint or ""), _UPLOAD) and request.mimetype == _FILE_FORM:
            return
        if request.content_length and not request.is_json:
            raise UnsupportedMediaType

    def refuse_unstorable() -> None:
        """Bodies of JSON are looked at where they are read, by kernel.web.api."""
        given = [*request.args.values(), *(() if of_api() else request.form.values())]
        if not all(map(storable, given)):
            raise InvalidRequest("characters that are none")

    def finish(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        seconds = time.perf_counter() - g.get("started", time.perf_counter())
        # The rule, never the path: a path holds ids, and unknown paths would make labels without end.
        route = request.url_rule.rule if request.url_rule else "unmatched"
        REQUESTS.labels(portal, request.method, route, response.status_code).inc()
        REQUEST_SECONDS.labels(portal, route).observe(seconds)
        if request.path not in _QUIET and not request.path.startswith("/static/"):
            log.info(
                "request.answered",
                method=request.method,
                route=route,
                status=response.status_code,
                ms=round(seconds * 1000, 1),
            )
        return response

    app.before_request(begin)
    # Before anything reads the body, as the check of a form's token does.
    app.before_request(allow_file)
    app.before_request(refuse_other_media)
    app.before_request(refuse_unstorable)
    app.after_request(finish)
    app.teardown_request(close_unit_of_work)
