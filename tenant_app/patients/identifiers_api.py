"""A patient's numbers over the API: in bodies only, and masked in every answer here."""

from typing import Any
from uuid import UUID

import marshmallow as ma

from central.patient_index.public import parse_identifier
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint, etag, version_if_sent
from kernel.web.collaborators import request_unit_of_work
from kernel.web.idempotency import remembered, under_this_path
from tenant_app.patients import identifiers
from tenant_app.patients.models import IDENTIFIER_SYSTEMS
from tenant_app.patients.queries import patient_version
from tenant_app.patients.service import read
from tenant_app.schemas import Body
from tenant_app.staff.models import IdempotencyKey

blueprint = Blueprint(
    "patient_identifiers",
    __name__,
    url_prefix="/api/v1/patients/<uuid:patient_id>/identifiers",
    description="A patient's numbers, with their periods",
)

_HEADERS = dict[str, str]


class NewIdentifierBody(Body):
    """A number to add; the one of the same kind that held ends."""

    system = ma.fields.String(required=True, validate=ma.validate.OneOf(IDENTIFIER_SYSTEMS))
    value = ma.fields.String(required=True, validate=ma.validate.Length(1, 40))
    confirm_mismatch = ma.fields.Boolean(load_default=False)


class CorrectedIdentifierBody(Body):
    """The right number in place of a mistaken one."""

    value = ma.fields.String(required=True, validate=ma.validate.Length(1, 40))
    confirm_mismatch = ma.fields.Boolean(load_default=False)


class EndIdentifierBody(Body):
    """Why a number ends: it holds no longer, or it never was this patient's."""

    reason = ma.fields.String(load_default="ended", validate=ma.validate.OneOf(("ended", "mistaken")))


class IdentifierAnswer(ma.Schema):
    """A number with its period; `valid_to` is null while it holds."""

    id = ma.fields.UUID()
    system = ma.fields.String()
    value_masked = ma.fields.String()
    valid_from = ma.fields.AwareDateTime()
    valid_to = ma.fields.AwareDateTime(allow_none=True)
    end_reason = ma.fields.String(allow_none=True)
    created_by_name = ma.fields.String(allow_none=True)
    ended_by_name = ma.fields.String(allow_none=True)


class IdentifiersAnswer(ma.Schema):
    """All numbers of a patient, those that hold first."""

    items = ma.fields.List(ma.fields.Nested(IdentifierAnswer))


@blueprint.route("", methods=["GET"])
@requires("patient.read")
@blueprint.response(200, IdentifiersAnswer)
def history(patient_id: UUID) -> tuple[dict[str, Any], int, _HEADERS]:
    """The patient's numbers, and those that were; in full they stand in the patient's record."""
    uow = request_unit_of_work()
    found = read(uow=uow, actor=current_actor(), patient_id=patient_id)
    rows = identifiers.identifier_history(uow=uow, patient_id=patient_id)
    uow.commit()
    return {"items": [_answer(row) for row in rows]}, 200, {"ETag": etag(found.patient.version)}


@blueprint.route("", methods=["POST"])
@requires("patient.update")
@remembered(IdempotencyKey, location=under_this_path)
@blueprint.arguments(NewIdentifierBody)
@blueprint.response(201, IdentifierAnswer)
def add(body: dict[str, Any], patient_id: UUID) -> tuple[dict[str, Any], int, _HEADERS]:
    """Add a number; If-Match is honoured where it is sent, with the patient's ETag."""
    uow = request_unit_of_work()
    made = identifiers.add_identifier(
        uow=uow,
        actor=current_actor(),
        patient_id=patient_id,
        system=body["system"],
        text=body["value"],
        confirm_mismatch=body["confirm_mismatch"],
        version=version_if_sent(),
    )
    return _answer(made), 201, {"ETag": etag(patient_version(uow=uow, patient_id=patient_id))}


@blueprint.route("/<uuid:identifier_id>/end", methods=["POST"])
@requires("patient.update")
@blueprint.arguments(EndIdentifierBody)
@blueprint.response(200, IdentifierAnswer)
def end(body: dict[str, Any], patient_id: UUID, identifier_id: UUID) -> tuple[dict[str, Any], int, _HEADERS]:
    """The number holds no longer, from now on."""
    uow = request_unit_of_work()
    ended = identifiers.end_identifier(
        uow=uow,
        actor=current_actor(),
        patient_id=patient_id,
        identifier_id=identifier_id,
        reason=body["reason"],
        version=version_if_sent(),
    )
    answer = _answer(ended), 200, {"ETag": etag(patient_version(uow=uow, patient_id=patient_id))}
    uow.commit()
    return answer


@blueprint.route("/<uuid:identifier_id>/correct", methods=["POST"])
@requires("patient.update")
@blueprint.arguments(CorrectedIdentifierBody)
@blueprint.response(200, IdentifierAnswer)
def correct(body: dict[str, Any], patient_id: UUID, identifier_id: UUID) -> tuple[dict[str, Any], int, _HEADERS]:
    """Put the right number in place of a mistaken one; answers with the right one."""
    uow = request_unit_of_work()
    made = identifiers.correct_identifier(
        uow=uow,
        actor=current_actor(),
        patient_id=patient_id,
        identifier_id=identifier_id,
        text=body["value"],
        confirm_mismatch=body["confirm_mismatch"],
        version=version_if_sent(),
    )
    answer = _answer(made), 200, {"ETag": etag(patient_version(uow=uow, patient_id=patient_id))}
    uow.commit()
    return answer


def _answer(row: identifiers.IdentifierRow) -> dict[str, Any]:
    names = (name for name in IdentifierAnswer._declared_fields if name != "value_masked")
    return {name: getattr(row, name) for name in names} | {
        "value_masked": parse_identifier(row.system, row.value).masked
    }
