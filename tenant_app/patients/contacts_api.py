"""Whom to call for a patient, over the API."""

from typing import Any
from uuid import UUID

import marshmallow as ma

from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint, etag, version_if_sent
from kernel.web.collaborators import request_unit_of_work
from kernel.web.idempotency import remembered, under_this_path
from tenant_app.patients import contacts
from tenant_app.patients.noted_api import EndNotedBody, NotedAnswer, patient_tag
from tenant_app.patients.service import read
from tenant_app.schemas import Body
from tenant_app.staff.models import IdempotencyKey

blueprint = Blueprint(
    "patient_contacts",
    __name__,
    url_prefix="/api/v1/patients/<uuid:patient_id>/contacts",
    description="Whom to call for a patient",
)

_HEADERS = dict[str, str]


class NewContactBody(Body):
    """Somebody to call. The first one written down is called first; a later one where `call_first` says so."""

    full_name = ma.fields.String(required=True, validate=ma.validate.Length(1, 255))
    phone = ma.fields.String(required=True, validate=ma.validate.Length(1, 40))
    relation = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=100))
    is_guardian = ma.fields.Boolean(load_default=False)
    call_first = ma.fields.Boolean(load_default=False)


class PatientContactAnswer(NotedAnswer):
    """Somebody to call, with who wrote them down."""

    full_name = ma.fields.String()
    relation = ma.fields.String(allow_none=True)
    phone = ma.fields.String()
    is_guardian = ma.fields.Boolean()
    call_first = ma.fields.Boolean()


class PatientContactsAnswer(ma.Schema):
    """All who were written down: the one to call first, the others that hold, those that ended."""

    items = ma.fields.List(ma.fields.Nested(PatientContactAnswer))


@blueprint.route("", methods=["GET"])
@requires("patient.read")
@blueprint.response(200, PatientContactsAnswer)
def listed(patient_id: UUID) -> tuple[dict[str, Any], int, _HEADERS]:
    """Whom to call, and who was to be called before."""
    uow = request_unit_of_work()
    found = read(uow=uow, actor=current_actor(), patient_id=patient_id)
    rows = contacts.contacts_of(uow=uow, patient_id=patient_id)
    uow.commit()
    return {"items": rows}, 200, {"ETag": etag(found.patient.version)}


@blueprint.route("", methods=["POST"])
@requires("patient.update")
@remembered(IdempotencyKey, location=under_this_path)
@blueprint.arguments(NewContactBody)
@blueprint.response(201, PatientContactAnswer)
def add(body: dict[str, Any], patient_id: UUID) -> tuple[contacts.ContactRow, int, _HEADERS]:
    """Write somebody down; If-Match is honoured where it is sent, with the patient's ETag."""
    uow = request_unit_of_work()
    new = contacts.NewContact(**body)
    made = contacts.add_contact(
        uow=uow, actor=current_actor(), patient_id=patient_id, new=new, version=version_if_sent()
    )
    return made, 201, patient_tag(patient_id)


@blueprint.route("/<uuid:contact_id>/end", methods=["POST"])
@requires("patient.update")
@blueprint.arguments(EndNotedBody)
@blueprint.response(200, PatientContactAnswer)
def end(body: dict[str, Any], patient_id: UUID, contact_id: UUID) -> tuple[contacts.ContactRow, int, _HEADERS]:
    """Not to be called any more, or never was."""
    uow = request_unit_of_work()
    ended = contacts.end_contact(
        uow=uow,
        actor=current_actor(),
        patient_id=patient_id,
        contact_id=contact_id,
        reason=body["reason"],
        version=version_if_sent(),
    )
    tag = patient_tag(patient_id)
    uow.commit()
    return ended, 200, tag


@blueprint.route("/<uuid:contact_id>/call-first", methods=["POST"])
@requires("patient.update")
@blueprint.response(200, PatientContactAnswer)
def call_first(patient_id: UUID, contact_id: UUID) -> tuple[contacts.ContactRow, int, _HEADERS]:
    """Call this one before the others."""
    uow = request_unit_of_work()
    first = contacts.set_call_first(
        uow=uow, actor=current_actor(), patient_id=patient_id, contact_id=contact_id, version=version_if_sent()
    )
    tag = patient_tag(patient_id)
    uow.commit()
    return first, 200, tag
