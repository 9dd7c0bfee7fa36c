"""A patient's allergies over the API."""

from typing import Any
from uuid import UUID

import marshmallow as ma

from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint, etag, version_if_sent
from kernel.web.collaborators import request_unit_of_work
from kernel.web.idempotency import remembered, under_this_path
from tenant_app.patients import allergies
from tenant_app.patients.models import SEVERITIES
from tenant_app.patients.noted_api import EndNotedBody, NotedAnswer, patient_tag
from tenant_app.patients.service import read
from tenant_app.schemas import Body
from tenant_app.staff.models import IdempotencyKey

blueprint = Blueprint(
    "patient_allergies",
    __name__,
    url_prefix="/api/v1/patients/<uuid:patient_id>/allergies",
    description="A patient's allergies",
)

_HEADERS = dict[str, str]


class NewAllergyBody(Body):
    """An allergy to write down."""

    substance = ma.fields.String(required=True, validate=ma.validate.Length(1, 255))
    severity = ma.fields.String(load_default="unknown", validate=ma.validate.OneOf(SEVERITIES))
    reaction = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=255))


class AllergyAnswer(NotedAnswer):
    """An allergy with who wrote it down; `ended_at` is null while it holds."""

    substance = ma.fields.String()
    severity = ma.fields.String()
    reaction = ma.fields.String(allow_none=True)


class NoneKnownAnswer(ma.Schema):
    """When and by whom it was written down that no allergy is known."""

    at = ma.fields.AwareDateTime()
    by_name = ma.fields.String(allow_none=True)


class AllergiesAnswer(ma.Schema):
    """All that was written down; without items `none_known` says whether anybody asked."""

    items = ma.fields.List(ma.fields.Nested(AllergyAnswer))
    none_known = ma.fields.Nested(NoneKnownAnswer, allow_none=True)


@blueprint.route("", methods=["GET"])
@requires("patient.read")
@blueprint.response(200, AllergiesAnswer)
def listed(patient_id: UUID) -> tuple[dict[str, Any], int, _HEADERS]:
    """Allergies that hold, the worst first, then those that ended."""
    uow = request_unit_of_work()
    found = read(uow=uow, actor=current_actor(), patient_id=patient_id)
    rows = allergies.allergies_of(uow=uow, patient_id=patient_id)
    stated = allergies.none_known(uow=uow, patient_id=patient_id)
    uow.commit()
    return {"items": rows, "none_known": stated}, 200, {"ETag": etag(found.patient.version)}


@blueprint.route("", methods=["POST"])
@requires("allergy.note")
@remembered(IdempotencyKey, location=under_this_path)
@blueprint.arguments(NewAllergyBody)
@blueprint.response(201, AllergyAnswer)
def note(body: dict[str, Any], patient_id: UUID) -> tuple[allergies.AllergyRow, int, _HEADERS]:
    """Write an allergy down; If-Match is honoured where it is sent, with the patient's ETag."""
    uow = request_unit_of_work()
    made = allergies.note_allergy(
        uow=uow, actor=current_actor(), patient_id=patient_id, version=version_if_sent(), **body
    )
    return made, 201, patient_tag(patient_id)


@blueprint.route("/<uuid:allergy_id>/end", methods=["POST"])
@requires("allergy.note")
@blueprint.arguments(EndNotedBody)
@blueprint.response(200, AllergyAnswer)
def end(body: dict[str, Any], patient_id: UUID, allergy_id: UUID) -> tuple[allergies.AllergyRow, int, _HEADERS]:
    """It holds no longer, or never did."""
    uow = request_unit_of_work()
    ended = allergies.end_allergy(
        uow=uow,
        actor=current_actor(),
        patient_id=patient_id,
        allergy_id=allergy_id,
        reason=body["reason"],
        version=version_if_sent(),
    )
    tag = patient_tag(patient_id)
    uow.commit()
    return ended, 200, tag


@blueprint.route("/none-known", methods=["POST"])
@requires("allergy.note")
@blueprint.response(200, NoneKnownAnswer)
def none_known(patient_id: UUID) -> tuple[allergies.NoneKnown, int, _HEADERS]:
    """The patient was asked and knows of none."""
    uow = request_unit_of_work()
    stated = allergies.state_none_known(
        uow=uow, actor=current_actor(), patient_id=patient_id, version=version_if_sent()
    )
    tag = patient_tag(patient_id)
    uow.commit()
    return stated, 200, tag
