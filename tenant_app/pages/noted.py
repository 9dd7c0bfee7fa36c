"""Pieces of a record on pages: what holds, what ended, and ending one. Templates: patients/noted.html."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar

from flask import Response, request
from flask_babel import gettext

from kernel.errors import Conflict, InvalidFields
from kernel.text import N_
from kernel.web.collaborators import request_unit_of_work
from tenant_app.pages.forms import lead_to, one_of
from tenant_app.patients.public import IdentifierInUse, MismatchToConfirm

END_NAMES: Final = {
    "ended": N_("No longer holds"),
    "replaced": N_("Replaced by another"),
    "mistaken": N_("Was a mistake"),
}


class Piece(Protocol):
    """What the tables show of each piece, beside what is its own."""

    @property
    def ended_at(self) -> datetime | None:
        """Empty while it holds."""


Row = TypeVar("Row", bound=Piece)


def split(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """What holds and what ended, for the template."""
    return {
        "holding": [row for row in rows if row.ended_at is None],
        "ended": [row for row in rows if row.ended_at is not None],
    }


def typed_again(*names: str) -> dict[str, str]:
    """What a form that was refused had in its fields; empty on the page's first sight."""
    again = request.method == "POST"
    return {name: request.form.get(name, "") if again else "" for name in names}


def end_reason() -> str:
    """Why it ends, by the button that was pressed. Raises InvalidFields."""
    return one_of("reason", ("ended", "mistaken"))


def done(act: Callable[[], Any], *, here: str, message: str) -> Response:
    """Do it and go back to the page, with a message; where a colleague was quicker, the message says so."""
    try:
        act()
    except Conflict as refused:
        return lead_to(here, message=gettext(refused.title), tone="warning")
    request_unit_of_work().commit()
    return lead_to(here, message=message)


def written(
    act: Callable[[], Any], *, show: Callable[..., Response], here: str, message: str, number_field: str = ""
) -> Response:
    """Write a piece down and go back to the page with a message, or show the form again with what is wrong.

    `show` makes the page from `errors`, `status`, and where a number is written down, at `number_field`, `mismatch` (to
    be confirmed) and `owner_id` (whose it is).
    """
    uow = request_unit_of_work()
    try:
        act()
    except MismatchToConfirm as asked:
        uow.session.rollback()
        return show(mismatch=asked.errors, status=asked.status)
    except InvalidFields as wrong:
        uow.session.rollback()
        return show(errors=wrong.errors, status=wrong.status)
    except IdentifierInUse as taken:
        uow.session.rollback()
        owner = str(taken.data.get("patient_id", ""))
        return show(errors={number_field: [taken.title]}, owner_id=owner, status=taken.status)
    uow.commit()
    return lead_to(here, message=message)
