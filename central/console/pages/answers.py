"""Answering with a page, a part of it, or the way on."""

from http import HTTPStatus
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request

from kernel.errors import FieldErrors, SokhamError
from kernel.web.collaborators import request_unit_of_work
from kernel.web.field_messages import field_message
from kernel.web.problems import sentences


def page(template: str, *, status: int = HTTPStatus.OK, **values: Any) -> Response:
    """A rendered template as an answer, with nothing committed: for refusals, and for pages without a session."""
    return make_response(render_template(f"console/{template}", **values), int(status))


def shown(template: str, **values: Any) -> Response:
    """The same for what was read or done in this request's transaction, which is committed first: its audit row, and
    that the session is in use."""
    request_unit_of_work().commit()
    return page(template, **values)


def lead_to(address: str, *, message: str = "", tone: str = "success") -> Response:
    """On to another page after a form, with a message there. It travels in a cookie: it never holds a secret."""
    if message:
        flash(message, tone)
    return make_response(redirect(address, HTTPStatus.SEE_OTHER))


def wants_part() -> bool:
    """Whether htmx asks, which swaps in a part of the page."""
    return request.headers.get("HX-Request") == "true"


def spoken(errors: FieldErrors) -> dict[str, list[str]]:
    """The messages of fields in the reader's language."""
    return {name: [field_message(message) for message in messages] for name, messages in errors.items()}


def words(refusal: SokhamError) -> dict[str, str]:
    """What happened and what to do, in the reader's language."""
    title, advice = sentences(refusal)
    return {"title": title, "advice": advice}
