"""A patient's notices over the API."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from flask import g

from kernel.web.access import signed_in
from kernel.web.api import Blueprint
from kernel.web.collaborators import collaborator, request_unit_of_work
from patient_portal.api.schemas import (
    NoticesReadAnswer,
    OwnNoticeAnswer,
    OwnNoticesAnswer,
    OwnNoticesAsked,
    UnreadNoticesAnswer,
)
from patient_portal.auth.sessions import patient_here, signed_in_patient
from patient_portal.hospitals.access import HospitalAccess
from patient_portal.notices import count_unread, list_notices, note_all_read
from tenant_app.notices.public import PatientNoticeRow, note_own_read

blueprint = Blueprint("own_notices", __name__, url_prefix="/api/v1", description="What the hospitals told the patient")


@blueprint.route("/notices", methods=["GET"])
@signed_in
@blueprint.arguments(OwnNoticesAsked, location="query", unknown=None)
@blueprint.response(200, OwnNoticesAnswer)
def notices(asked: dict[str, Any]) -> dict[str, Any]:
    """Over all hospitals of the session, the newest first."""
    unread_only = asked.pop("unread")
    found = list_notices(
        access=collaborator(HospitalAccess),
        uow=request_unit_of_work(),
        patient=signed_in_patient(),
        unread_only=unread_only,
        **asked,
    )
    return {
        "items": [
            _answer(item.row, code=item.hospital.tenant_code, name=item.hospital.name) for item in found.page.items
        ],
        "next_cursor": found.page.next_cursor,
        "unread": found.unread,
        "unavailable": [member.tenant_code for member in found.page.unavailable],
    }


@blueprint.route("/notices/unread", methods=["GET"])
@signed_in
@blueprint.response(200, UnreadNoticesAnswer)
def unread() -> dict[str, Any]:
    """How many are unread."""
    found = count_unread(access=collaborator(HospitalAccess), uow=request_unit_of_work(), patient=signed_in_patient())
    return {"unread": found.count, "unavailable": [member.tenant_code for member in found.unavailable]}


@blueprint.route("/notices/read-all", methods=["POST"])
@signed_in
@blueprint.response(200, NoticesReadAnswer)
def read_all() -> dict[str, Any]:
    """Note at all hospitals that all were read."""
    away = note_all_read(access=collaborator(HospitalAccess), uow=request_unit_of_work(), patient=signed_in_patient())
    return {"unavailable": [member.tenant_code for member in away]}


@blueprint.route("/hospitals/<string:tenant_code>/notices/<uuid:notice_id>/read", methods=["POST"])
@signed_in
@blueprint.response(200, OwnNoticeAnswer)
def read(tenant_code: str, notice_id: UUID) -> dict[str, Any]:
    """Note that one was read."""
    del tenant_code  # The gatekeeper has read it.
    uow = request_unit_of_work()
    row = note_own_read(uow=uow, patient_id=patient_here(), notice_id=notice_id)
    uow.commit()
    return _answer(row, code=g.hospital.code, name=g.hospital.name)


def _answer(row: PatientNoticeRow, *, code: str, name: str) -> dict[str, Any]:
    return {**asdict(row), "tenant_code": code, "hospital_name": name}
