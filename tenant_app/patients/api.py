"""Patients over the API. A CCCD stands in bodies only, never in an address."""

from typing import Any
from uuid import UUID

from kernel.listing import Page
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint, etag, expected_version
from kernel.web.collaborators import request_unit_of_work
from kernel.web.idempotency import remembered, under_this_path
from tenant_app.patients import service
from tenant_app.patients.duplicates import Alike, alike
from tenant_app.patients.models import IDENTIFIER_SYSTEMS
from tenant_app.patients.narrowing import Narrowing
from tenant_app.patients.queries import PatientRecord, PatientRow
from tenant_app.patients.rules import parse_phone, read_search
from tenant_app.patients.schemas import (
    AlikeBody,
    AlikeListAnswer,
    ChangeBody,
    CodeAnswer,
    PatientAnswer,
    PatientsAnswer,
    RegistrationBody,
    ResetPatientFactorBody,
    SearchBody,
    patient_answer,
)
from tenant_app.portal.service import IssuedCode, issue_code, reset_patient_factor
from tenant_app.staff.models import IdempotencyKey

blueprint = Blueprint("patients", __name__, url_prefix="/api/v1/patients", description="Patients")

_HEADERS = dict[str, str]


@blueprint.route("", methods=["POST"])
@requires("patient.register")
@remembered(IdempotencyKey, location=under_this_path)
@blueprint.arguments(RegistrationBody)
@blueprint.response(201, PatientAnswer)
def register(body: dict[str, Any]) -> tuple[dict[str, Any], int, _HEADERS]:
    """Register a patient."""
    required = {name: body.pop(name) for name in ("full_name", "date_of_birth", "gender", "confirm_mismatch")}
    identifiers = {system: body.pop(system) for system in IDENTIFIER_SYSTEMS if system in body}
    new = service.Registration(
        **required, identifiers={system: text for system, text in identifiers.items() if text}, details=body
    )
    made = service.register(uow=request_unit_of_work(), actor=current_actor(), new=new)
    return patient_answer(made), 201, _tag(made)


@blueprint.route("/<uuid:patient_id>", methods=["GET"])
@requires("patient.read")
@blueprint.response(200, PatientAnswer)
def show(patient_id: UUID) -> tuple[dict[str, Any], int, _HEADERS]:
    """A patient's record; that it was read is written down."""
    uow = request_unit_of_work()
    found = service.read(uow=uow, actor=current_actor(), patient_id=patient_id)
    uow.commit()
    return patient_answer(found), 200, _tag(found)


@blueprint.route("/<uuid:patient_id>", methods=["PATCH"])
@requires("patient.update")
@blueprint.arguments(ChangeBody)
@blueprint.response(200, PatientAnswer)
def change(body: dict[str, Any], patient_id: UUID) -> tuple[dict[str, Any], int, _HEADERS]:
    """Change a patient's details; takes If-Match."""
    version = expected_version()
    uow = request_unit_of_work()
    confirm = body.pop("confirm_mismatch")
    identifiers = {system: body.pop(system) for system in IDENTIFIER_SYSTEMS if system in body}
    found = service.change(
        uow=uow,
        actor=current_actor(),
        patient_id=patient_id,
        version=version,
        details=body,
        identifiers=identifiers,
        confirm_mismatch=confirm,
    )
    answer = patient_answer(found), 200, _tag(found)
    uow.commit()
    return answer


@blueprint.route("/search", methods=["POST"])
@requires("patient.read")
@blueprint.arguments(SearchBody)
@blueprint.response(200, PatientsAnswer)
def search(body: dict[str, Any]) -> Page[PatientRow]:
    """Find patients by the start of names (without diacritics too), code, phone, identifier or date of birth."""
    uow = request_unit_of_work()
    narrowed = Narrowing(**{name: body[name] for name in ("status", "age", "gender", "insurance")})
    terms = read_search(body["query"], date_of_birth=body["date_of_birth"], narrowed=narrowed)
    page = service.search(uow=uow, actor=current_actor(), terms=terms, limit=body["limit"], cursor=body["cursor"])
    uow.commit()
    return page


@blueprint.route("/duplicates", methods=["POST"])
@requires("patient.read")
@blueprint.arguments(AlikeBody)
@blueprint.response(200, AlikeListAnswer)
def duplicates(body: dict[str, Any]) -> dict[str, list[Alike]]:
    """Patients who may be the person that somebody is about to register."""
    uow = request_unit_of_work()
    phone = parse_phone(body.pop("phone")) if body["phone"] else body.pop("phone")
    found = alike(uow=uow, actor=current_actor(), phone=phone, **body)
    uow.commit()
    return {"items": found}


@blueprint.route("/<uuid:patient_id>/reset-mfa", methods=["POST"])
@requires("patient.reset_mfa")
@blueprint.arguments(ResetPatientFactorBody)
@blueprint.response(204)
def reset_mfa(body: dict[str, Any], patient_id: UUID) -> None:
    """Take a patient's lost second factor away: sessions end, and they are told at the next sign-in."""
    uow = request_unit_of_work()
    reset_patient_factor(uow=uow, actor=current_actor(), patient_id=patient_id, **body)
    uow.commit()


@blueprint.route("/<uuid:patient_id>/portal-invite", methods=["POST"])
@requires("patient.invite")
@blueprint.response(200, CodeAnswer)
def invite(patient_id: UUID) -> IssuedCode:
    """An activation code for the patient portal, in place of the one before."""
    uow = request_unit_of_work()
    issued = issue_code(uow=uow, actor=current_actor(), patient_id=patient_id)
    uow.commit()
    return issued


def _tag(record: PatientRecord) -> _HEADERS:
    return {"ETag": etag(record.patient.version)}
