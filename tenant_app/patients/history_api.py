"""A patient's medical history over the API."""

from typing import Any
from uuid import UUID

import marshmallow as ma

from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint, version_if_sent
from kernel.web.collaborators import request_unit_of_work
from kernel.web.idempotency import remembered, under_this_path
from tenant_app.patients import history
from tenant_app.patients.noted_api import EndNotedBody, NotedAnswer, patient_tag
from tenant_app.patients.record_models import HISTORY_KINDS
from tenant_app.schemas import Body
from tenant_app.staff.models import IdempotencyKey

blueprint = Blueprint(
    "patient_history",
    __name__,
    url_prefix="/api/v1/patients/<uuid:patient_id>/history",
    description="A patient's medical history",
)

_HEADERS = dict[str, str]


class NewHistoryBody(Body):
    """A piece of history to write down; a code of ICD-10 and the year are for where they are known."""

    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(HISTORY_KINDS))
    what = ma.fields.String(required=True, validate=ma.validate.Length(1, 500))
    icd10 = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=10))
    since_year = ma.fields.Integer(load_default=None, allow_none=True, strict=True)


class HistoryAnswer(NotedAnswer):
    """A piece of history, with who wrote it down."""

    kind = ma.fields.String()
    what = ma.fields.String()
    icd10 = ma.fields.String(allow_none=True)
    since_year = ma.fields.Integer(allow_none=True)


class HistoryListAnswer(ma.Schema):
    """What holds, by kind, then what ended."""

    items = ma.fields.List(ma.fields.Nested(HistoryAnswer))


@blueprint.route("", methods=["GET"])
@requires("history.read")
@blueprint.response(200, HistoryListAnswer)
def listed(patient_id: UUID) -> tuple[dict[str, Any], int, _HEADERS]:
    """The history; that it was read is written down."""
    uow = request_unit_of_work()
    tag = patient_tag(patient_id)
    rows = history.read_history(uow=uow, actor=current_actor(), patient_id=patient_id)
    uow.commit()
    return {"items": rows}, 200, tag


@blueprint.route("", methods=["POST"])
@requires("history.note")
@remembered(IdempotencyKey, location=under_this_path)
@blueprint.arguments(NewHistoryBody)
@blueprint.response(201, HistoryAnswer)
def note(body: dict[str, Any], patient_id: UUID) -> tuple[history.HistoryRow, int, _HEADERS]:
    """Write a piece down; If-Match is honoured where it is sent, with the patient's ETag."""
    uow = request_unit_of_work()
    new = history.NewHistory(**body)
    made = history.note_history(
        uow=uow, actor=current_actor(), patient_id=patient_id, new=new, version=version_if_sent()
    )
    return made, 201, patient_tag(patient_id)


@blueprint.route("/<uuid:history_id>/end", methods=["POST"])
@requires("history.note")
@blueprint.arguments(EndNotedBody)
@blueprint.response(200, HistoryAnswer)
def end(body: dict[str, Any], patient_id: UUID, history_id: UUID) -> tuple[history.HistoryRow, int, _HEADERS]:
    """It holds no longer, or never did."""
    uow = request_unit_of_work()
    ended = history.end_history(
        uow=uow,
        actor=current_actor(),
        patient_id=patient_id,
        history_id=history_id,
        reason=body["reason"],
        version=version_if_sent(),
    )
    tag = patient_tag(patient_id)
    uow.commit()
    return ended, 200, tag
