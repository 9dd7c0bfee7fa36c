"""A patient's events over the API."""

from typing import Any
from uuid import UUID

import marshmallow as ma

from kernel.listing import Page
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint
from kernel.web.collaborators import request_unit_of_work
from tenant_app.patients.public import read
from tenant_app.schemas import Listed, page_answer
from tenant_app.timeline.service import Event, timeline
from tenant_app.timeline.sources import SOURCES

blueprint = Blueprint(
    "patient_timeline", __name__, url_prefix="/api/v1/patients", description="What happened with a patient"
)


class AskedTimeline(Listed):
    """Which events; without `kind` all but accesses."""

    kind = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.OneOf(tuple(SOURCES)))


class EventAnswer(ma.Schema):
    """Something that happened; `what` as `appointment.booked`, `ref` the id of what it is about."""

    at = ma.fields.AwareDateTime()
    kind = ma.fields.String()
    what = ma.fields.String()
    ref = ma.fields.UUID()
    by_name = ma.fields.String(allow_none=True)
    by_patient = ma.fields.Boolean()
    detail = ma.fields.String(allow_none=True)


EventsAnswer = page_answer("Events", EventAnswer)


@blueprint.route("/<uuid:patient_id>/timeline", methods=["GET"])
@requires("patient.read")
@blueprint.arguments(AskedTimeline, location="query", unknown=None)
@blueprint.response(200, EventsAnswer)
def events(asked: dict[str, Any], patient_id: UUID) -> Page[Event]:
    """What happened, the newest first: as far as the caller may see it."""
    uow, actor = request_unit_of_work(), current_actor()
    read(uow=uow, actor=actor, patient_id=patient_id)
    page = timeline(uow=uow, actor=actor, patient_id=patient_id, **asked)
    uow.commit()
    return page
