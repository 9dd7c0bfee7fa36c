"""Whether a patient's record is active, over the API."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask_babel import gettext

from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import Forbidden
from kernel.web.access import requires
from kernel.web.actor import Actor, current_actor
from kernel.web.api import Blueprint, etag, version_if_sent
from kernel.web.collaborators import request_unit_of_work
from tenant_app.appointments.public import cancel_coming, coming
from tenant_app.patients.models import PATIENT_STATUSES
from tenant_app.patients.queries import PatientRecord
from tenant_app.patients.service import read
from tenant_app.patients.status import set_status, status_history
from tenant_app.patients.status_rules import STATUS_REASONS, StatusChange, possible_statuses
from tenant_app.schemas import Body

blueprint = Blueprint(
    "patient_status",
    __name__,
    url_prefix="/api/v1/patients/<uuid:patient_id>/status",
    description="Whether a patient's record is active",
)

_HEADERS = dict[str, str]
_REASONS = sorted({reason for reasons in STATUS_REASONS.values() for reason in reasons})


class StatusBody(Body):
    """What is to be said. A death needs its day and who told; the reason `other` a note."""

    status = ma.fields.String(required=True, validate=ma.validate.OneOf(PATIENT_STATUSES))
    reason = ma.fields.String(required=True, validate=ma.validate.OneOf(_REASONS))
    note = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=500))
    deceased_on = ma.fields.Date(load_default=None, allow_none=True)
    told_by = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=255))
    cancel_appointments = ma.fields.Boolean(load_default=False)


class StatusRowAnswer(ma.Schema):
    """What was said at a time, and by whom."""

    id = ma.fields.UUID()
    status = ma.fields.String()
    reason = ma.fields.String()
    deceased_on = ma.fields.Date(allow_none=True)
    told_by = ma.fields.String(allow_none=True)
    note = ma.fields.String(allow_none=True)
    changed_at = ma.fields.AwareDateTime()
    changed_by_name = ma.fields.String(allow_none=True)


class StatusAnswer(ma.Schema):
    """How the record stands, where it may go, all that was said of it, and the appointments still ahead.

    These are empty for whoever may not see appointments.
    """

    status = ma.fields.String()
    deceased_on = ma.fields.Date(allow_none=True)
    possible = ma.fields.List(ma.fields.String())
    items = ma.fields.List(ma.fields.Nested(StatusRowAnswer))
    coming_appointments = ma.fields.List(ma.fields.UUID())


@blueprint.route("", methods=["GET"])
@requires("patient.read")
@blueprint.response(200, StatusAnswer)
def show(patient_id: UUID) -> tuple[dict[str, Any], int, _HEADERS]:
    """How the record stands and what was said of it, the newest first."""
    uow, actor = request_unit_of_work(), current_actor()
    found = read(uow=uow, actor=actor, patient_id=patient_id)
    answer = _answer(uow, actor, found), 200, {"ETag": etag(found.patient.version)}
    uow.commit()
    return answer


@blueprint.route("", methods=["POST"])
@requires("patient.close")
@blueprint.arguments(StatusBody)
@blueprint.response(200, StatusAnswer)
def change(body: dict[str, Any], patient_id: UUID) -> tuple[dict[str, Any], int, _HEADERS]:
    """Make the record inactive, note a death, or make it active again; If-Match is honoured where it is sent.

    Said a second time it is refused, for the record has that status then. `cancel_appointments` cancels what is still
    ahead, and needs the permission `appointment.cancel`.
    """
    uow, actor = request_unit_of_work(), current_actor()
    cancels = body.pop("cancel_appointments")
    if cancels and not actor.may("appointment.cancel"):
        raise Forbidden
    found = set_status(
        uow=uow, actor=actor, patient_id=patient_id, change=StatusChange(**body), version=version_if_sent()
    )
    if cancels and body["status"] != "active":
        cancel_coming(uow=uow, actor=actor, patient_id=patient_id, reason=gettext("The patient's record is closed"))
    answer = _answer(uow, actor, found), 200, {"ETag": etag(found.patient.version)}
    uow.commit()
    return answer


def _answer(uow: UnitOfWork, actor: Actor, found: PatientRecord) -> dict[str, Any]:
    patient = found.patient
    ahead = coming(uow=uow, patient_id=patient.id) if actor.may("appointment.read") else []
    return {
        "status": patient.status,
        "deceased_on": patient.deceased_on,
        "possible": possible_statuses(patient.status),
        "items": status_history(uow=uow, patient_id=patient.id),
        "coming_appointments": [row.id for row in ahead],
    }
