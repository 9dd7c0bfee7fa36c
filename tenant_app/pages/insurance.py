"""A patient's health insurance card: its days, where it is registered, what it pays; and the cards before."""

from datetime import date
from functools import partial
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from kernel.clock import local_today
from kernel.ids import parse_uuid
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from tenant_app.pages.forms import long_text, page, parse_day, spoken
from tenant_app.pages.noted import END_NAMES, done, end_reason, split, typed_again, written
from tenant_app.pages.shown import banner, benefit_words, card_words, masked
from tenant_app.patients.public import (
    CardRow,
    NewCard,
    cards_of,
    end_card,
    read,
    write_card,
)
from tenant_app.patients.rules import Complaints

blueprint = Blueprint("insurance", __name__, url_prefix="/patients/<patient_id>/insurance")


@blueprint.route("")
@requires("patient.read")
def show(patient_id: str) -> Response:
    """The card that holds, and those before it."""
    return _show(parse_uuid(patient_id, what="patient"))


@blueprint.route("", methods=["POST"])
@requires("patient.update")
def write(patient_id: str) -> Response:
    """Write a card down."""
    wanted = parse_uuid(patient_id, what="patient")
    return written(
        lambda: write_card(uow=request_unit_of_work(), actor=current_actor(), patient_id=wanted, new=_card()),
        show=partial(_show, wanted),
        here=url_for("insurance.show", patient_id=wanted),
        message=gettext("The card is written down."),
        number_field="bhyt",
    )


@blueprint.route("/<card_id>/end", methods=["POST"])
@requires("patient.update")
def end(patient_id: str, card_id: str) -> Response:
    """It holds no longer, or never did."""
    wanted = parse_uuid(patient_id, what="patient")
    ending = partial(
        end_card,
        uow=request_unit_of_work(),
        actor=current_actor(),
        patient_id=wanted,
        card_id=parse_uuid(card_id, what="insurance_card"),
        reason=end_reason(),
    )
    message = gettext("The card has ended. It stays in the history.")
    return done(ending, here=url_for("insurance.show", patient_id=wanted), message=message)


def _card() -> NewCard:
    complaints = Complaints()
    first, last = (complaints.read(partial(_day, name)) for name in ("valid_from", "valid_to"))
    complaints.raise_any()
    return NewCard(
        number=long_text("bhyt", longest=40) or None,
        valid_from=first,
        valid_to=last,
        facility_code=long_text("facility_code", longest=10),
        confirm_mismatch=request.form.get("confirm_mismatch") == "1",
    )


def _day(name: str) -> date | None:
    text = request.form.get(name, "").strip()
    return parse_day(text, field=name) if text else None


def _show(
    patient_id: UUID,
    *,
    errors: dict[str, list[str]] | None = None,
    mismatch: dict[str, list[str]] | None = None,
    owner_id: str = "",
    status: int = HTTPStatus.OK,
) -> Response:
    uow = request_unit_of_work()
    found = read(uow=uow, actor=current_actor(), patient_id=patient_id)
    number = found.identifiers.get("bhyt")
    rows = split(cards_of(uow=uow, patient_id=patient_id))
    answer = page(
        "patients/insurance.html",
        status=status,
        patient=banner(found),
        number=masked("bhyt", number) if number else "",
        **{which: [_shown(row) for row in some] for which, some in rows.items()},
        typed=typed_again("bhyt", "valid_from", "valid_to", "facility_code"),
        errors=spoken(errors or {}),
        mismatch=spoken(mismatch or {}),
        owner_id=owner_id,
        end_names=END_NAMES,
    )
    uow.commit()
    return answer


def _shown(row: CardRow) -> dict[str, Any]:
    words, tone = card_words(row.valid_from, row.valid_to, on=local_today())
    names = ("id", "created_at", "created_by_name", "ended_at", "ended_by_name", "end_reason")
    return {
        "masked": masked("bhyt", row.number),
        "number_holds": row.number_holds,
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "facility_code": row.facility_code,
        "words": words,
        "tone": tone,
        "benefit": benefit_words(row.number, on=local_today()),
        **{name: getattr(row, name) for name in names},
    }
