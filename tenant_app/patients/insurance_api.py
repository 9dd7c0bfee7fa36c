"""A patient's health insurance card over the API. The number is masked in answers."""

from typing import Any
from uuid import UUID

import marshmallow as ma

from central.patient_index.public import parse_identifier
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint, etag, version_if_sent
from kernel.web.collaborators import request_unit_of_work
from kernel.web.idempotency import remembered, under_this_path
from tenant_app.patients import insurance
from tenant_app.patients.noted_api import EndNotedBody, NotedAnswer, patient_tag
from tenant_app.patients.service import read
from tenant_app.schemas import Body
from tenant_app.staff.models import IdempotencyKey

blueprint = Blueprint(
    "patient_insurance",
    __name__,
    url_prefix="/api/v1/patients/<uuid:patient_id>/insurance-cards",
    description="A patient's health insurance cards",
)

_HEADERS = dict[str, str]


class NewCardBody(Body):
    """A card; without `number` that which is known of the patient. `facility_code` is that of first registration."""

    number = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=40))
    valid_from = ma.fields.Date(required=True)
    valid_to = ma.fields.Date(load_default=None, allow_none=True)
    facility_code = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=10))
    confirm_mismatch = ma.fields.Boolean(load_default=False)


class CardAnswer(NotedAnswer):
    """A card; `state` is `valid`, `ends_soon`, `expired` or `not_yet`, today."""

    number_masked = ma.fields.Function(lambda row: parse_identifier("bhyt", row.number).masked)
    number_holds = ma.fields.Boolean()
    valid_from = ma.fields.Date()
    valid_to = ma.fields.Date(allow_none=True)
    facility_code = ma.fields.String(allow_none=True)
    state = ma.fields.String()


class CardsAnswer(ma.Schema):
    """The card that holds, then those before it."""

    items = ma.fields.List(ma.fields.Nested(CardAnswer))


@blueprint.route("", methods=["GET"])
@requires("patient.read")
@blueprint.response(200, CardsAnswer)
def listed(patient_id: UUID) -> tuple[dict[str, Any], int, _HEADERS]:
    """The card that holds, then those before it."""
    uow = request_unit_of_work()
    found = read(uow=uow, actor=current_actor(), patient_id=patient_id)
    rows = insurance.cards_of(uow=uow, patient_id=patient_id)
    uow.commit()
    return {"items": rows}, 200, {"ETag": etag(found.patient.version)}


@blueprint.route("", methods=["POST"])
@requires("patient.update")
@remembered(IdempotencyKey, location=under_this_path)
@blueprint.arguments(NewCardBody)
@blueprint.response(201, CardAnswer)
def write(body: dict[str, Any], patient_id: UUID) -> tuple[insurance.CardRow, int, _HEADERS]:
    """Write a card down in place of the one before; If-Match is honoured where it is sent."""
    uow = request_unit_of_work()
    new = insurance.NewCard(**body)
    made = insurance.write_card(
        uow=uow, actor=current_actor(), patient_id=patient_id, new=new, version=version_if_sent()
    )
    return made, 201, patient_tag(patient_id)


@blueprint.route("/<uuid:card_id>/end", methods=["POST"])
@requires("patient.update")
@blueprint.arguments(EndNotedBody)
@blueprint.response(200, CardAnswer)
def end(body: dict[str, Any], patient_id: UUID, card_id: UUID) -> tuple[insurance.CardRow, int, _HEADERS]:
    """It holds no longer, or never did."""
    uow = request_unit_of_work()
    ended = insurance.end_card(
        uow=uow,
        actor=current_actor(),
        patient_id=patient_id,
        card_id=card_id,
        reason=body["reason"],
        version=version_if_sent(),
    )
    tag = patient_tag(patient_id)
    uow.commit()
    return ended, 200, tag
