"""What the pages' forms have in common."""

from flask import redirect, url_for
from werkzeug.wrappers import Response

from kernel.errors import SokhamError
from kernel.web.field_messages import field_message
from kernel.web.problems import sentences

Errors = dict[str, list[str]]


def translated(error: SokhamError) -> Errors:
    """The messages of an error's fields in the reader's language."""
    return {field: [field_message(message) for message in messages] for field, messages in error.errors.items()}


def sentence(error: SokhamError) -> str:
    """What happened, and what to do."""
    title, advice = sentences(error)
    return f"{title}. {advice}"


def go(endpoint: str, **values: object) -> Response:
    """See other: what was posted is not posted again when the page is loaded again."""
    return redirect(url_for(endpoint, **values), 303)  # type: ignore[arg-type]  # url_for takes any value.
