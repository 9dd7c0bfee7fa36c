"""Reading what was typed into forms, and answering with a page, a part of it, or the way on."""

import json
import re
from collections.abc import Mapping
from datetime import date, time
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from flask import Response, flash, make_response, redirect, render_template, request

from kernel.clock import FIRST_DAY, LAST_DAY
from kernel.errors import FieldErrors, InvalidFields
from kernel.ids import parse_uuid
from kernel.text import N_, canonical
from kernel.web.field_messages import field_message

BAD_DATE: Final = N_("Enter a date as day/month/year, such as 25/12/1990.")
BAD_TIME: Final = N_("Enter a time as 07:30.")
TOO_LONG: Final = N_("This is too long.")
CHOOSE: Final = N_("Choose one.")
MISSING: Final = N_("This is needed.")

_DAY: Final = re.compile(
    r"(?P<d>\d{1,2})[\s./-]+(?P<m>\d{1,2})[\s./-]+(?P<y>\d{4})|(?P<d2>\d{2})(?P<m2>\d{2})(?P<y2>\d{4})", re.ASCII
)


# `7h30` and `7g30` are how times are spoken and written in Vietnam; a bare number is an hour, or hour and minutes.
_TIME: Final = re.compile(r"(?P<h>\d{1,2})(?:\s?[:.hg]\s?(?P<m>\d{2})?|(?P<m2>\d{2}))?", re.ASCII | re.IGNORECASE)


def typed(name: str) -> str:
    """The text of a field in canonical form; empty where it was not sent."""
    return canonical(request.form.get(name, ""))


def long_text(name: str, *, longest: int) -> str:
    """The text of a field with its lines kept. Raises InvalidFields."""
    text = request.form.get(name, "").replace("\r\n", "\n").strip()
    if len(text) > longest:
        raise InvalidFields(errors={name: [TOO_LONG]})
    return text


def sent_version() -> int:
    """The version of a row that a form was made from; 0, which no row has, where it was not sent."""
    text = request.form.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 15 else 0


def one_of(name: str, values: tuple[str, ...], *, required: bool = True) -> str:
    """A choice out of `values`; empty where none is required. Raises InvalidFields."""
    value = request.form.get(name, "")
    if value in values or (value == "" and not required):
        return value
    raise InvalidFields(errors={name: [CHOOSE]})


def chosen_id(value: str | None, *, what: str) -> UUID | None:
    """An id out of a form or address; None where it is empty. Raises InvalidIdentifier (404)."""
    return parse_uuid(value, what=what) if value else None


def seen_version() -> int | None:
    """The version that the form was made from."""
    text = request.form.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def parse_day(text: str, *, field: str) -> date:
    """A day as people write it, dd/mm/yyyy, or as our links do, yyyy-mm-dd. Raises InvalidFields."""
    bare = canonical(text)
    found = _DAY.fullmatch(bare)
    try:
        if found is None:
            day = date.fromisoformat(bare)
        else:
            parts = [found[name] or found[f"{name}2"] for name in ("y", "m", "d")]
            day = date(int(parts[0]), int(parts[1]), int(parts[2]))
    except ValueError as err:
        raise InvalidFields(errors={field: [BAD_DATE]}) from err
    # Beyond these a day before or after would be none.
    if not FIRST_DAY <= day <= LAST_DAY:
        raise InvalidFields(errors={field: [BAD_DATE]})
    return day


def parse_time(text: str, *, field: str) -> time:
    """A time of day as people write it: 07:30, 7h30, 7h, 0730. Raises InvalidFields."""
    found = _TIME.fullmatch(canonical(text))
    hour, minute = (found["h"], found["m"] or found["m2"] or "0") if found else ("", "")
    try:
        return time(int(hour), int(minute))
    except ValueError as err:
        raise InvalidFields(errors={field: [BAD_TIME]}) from err


def spoken(errors: FieldErrors) -> dict[str, list[str]]:
    """The messages of fields in the reader's language."""
    return {name: [field_message(message) for message in messages] for name, messages in errors.items()}


def wants_part() -> bool:
    """Whether htmx asks, which swaps in a part of the page."""
    return request.headers.get("HX-Request") == "true"


def page(template: str, *, status: int = HTTPStatus.OK, **values: Any) -> Response:
    """A rendered template as an answer."""
    return make_response(render_template(template, **values), int(status))


def lead_to(address: str, *, message: str = "", tone: str = "success") -> Response:
    """On to another page after a form, with a message there.

    The message travels in a cookie that is signed and not sealed: it never names anybody.
    """
    if message:
        flash(message, tone)
    return make_response(redirect(address, HTTPStatus.SEE_OTHER))


def with_toast(response: Response, *, title: str, detail: str = "", tone: str = "success") -> Response:
    """The answer to htmx with a message beside it."""
    words: Mapping[str, str] = {"title": title, "detail": detail, "tone": tone}
    response.headers["HX-Trigger"] = json.dumps({"toast": words})
    return response
