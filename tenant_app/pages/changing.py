"""Changing a patient's details. Where somebody else was quicker, both versions stand side by side; no word is lost."""

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from kernel.errors import InvalidFields, PreconditionFailed
from kernel.ids import parse_uuid
from kernel.text import N_
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from tenant_app.pages.forms import lead_to, page, sent_version, spoken
from tenant_app.pages.patient_form import SYSTEMS, PatientForm, read_form, shown_values
from tenant_app.pages.patient_pages import FIELD_NAMES
from tenant_app.pages.shown import GENDER_NAMES, SYSTEM_NAMES, banner, masked, options
from tenant_app.patients.public import (
    BLOOD_TYPES,
    IdentifierInUse,
    MismatchToConfirm,
    PatientRecord,
    change,
    patient_record,
    read,
)
from tenant_app.staff.public import staff_member

blueprint = Blueprint("changing", __name__, url_prefix="/patients/<patient_id>/edit")

_LABELS: Final = {
    **FIELD_NAMES,
    "contact_name": N_("Person to call: name"),
    "contact_phone": N_("Person to call: phone"),
    "contact_relation": N_("Person to call: who they are"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A field in which the record now says otherwise than the form that was sent."""

    label: str
    theirs: str
    mine: str


@blueprint.route("")
@requires("patient.update")
def edit(patient_id: str) -> Response:
    """The form with what is known."""
    uow = request_unit_of_work()
    found = read(uow=uow, actor=current_actor(), patient_id=parse_uuid(patient_id, what="patient"))
    known = shown_values(found)
    answer = _form(found, shown=known, began_with=known, version=found.patient.version)
    uow.commit()
    return answer


@blueprint.route("", methods=["POST"])
@requires("patient.update")
def save(patient_id: str) -> Response:
    """Save, unless the record is another than the one that the form was made from."""
    uow, actor = request_unit_of_work(), current_actor()
    wanted = parse_uuid(patient_id, what="patient")
    form = read_form()
    version = sent_version()
    if form.errors:
        return _again(wanted, form, version=version, errors=form.errors)
    try:
        change(
            uow=uow,
            actor=actor,
            patient_id=wanted,
            version=version,
            details=form.details,
            identifiers=_identifiers(form),
            confirm_mismatch=form.confirm_mismatch,
            # The form takes a number off only because it is not this patient's.
            ended_as="mistaken",
        )
    except PreconditionFailed:
        uow.session.rollback()
        return _conflict(wanted, form)
    except MismatchToConfirm as asked:
        uow.session.rollback()
        return _again(wanted, form, version=version, mismatch=asked.errors)
    except InvalidFields as wrong:
        uow.session.rollback()
        return _again(wanted, form, version=version, errors=wrong.errors)
    except IdentifierInUse as taken:
        uow.session.rollback()
        field = str(taken.data.get("field", "cccd"))
        owner = str(taken.data.get("patient_id", ""))
        return _again(wanted, form, version=version, errors={field: [taken.title]}, owner_id=owner, status=taken.status)
    uow.commit()
    return lead_to(url_for("patient_pages.show", patient_id=wanted), message=gettext("The change is saved."))


def _identifiers(form: PatientForm) -> dict[str, str | None]:
    """Numbers that were typed, and those that shall end; an empty field leaves the number as it is."""
    ended: dict[str, str | None] = {system: None for system in SYSTEMS if request.form.get(f"end_{system}") == "1"}
    return ended | form.identifiers


def _conflict(patient_id: UUID, form: PatientForm) -> Response:
    """The form again: what was not touched takes the other's value, what was touched stays and stands side by side."""
    uow = request_unit_of_work()
    found = read(uow=uow, actor=current_actor(), patient_id=patient_id)
    now_there = shown_values(found)
    began_with = _began_with(now_there)
    touched = {name for name in began_with if not _same(form.shown[name], began_with[name])}
    differences = [
        Difference(label=gettext(_LABELS[name]), theirs=_said(name, theirs), mine=_said(name, form.shown[name]))
        for name, theirs in now_there.items()
        if name in touched and not _same(theirs, form.shown[name])
    ]
    untouched = {name: theirs for name, theirs in now_there.items() if name in began_with and name not in touched}
    changed_by = found.patient.updated_by
    who = staff_member(uow=uow, user_id=changed_by).full_name if changed_by else ""
    answer = _form(
        found,
        shown={**form.shown, **untouched},
        began_with=now_there,
        version=found.patient.version,
        differences=differences,
        changed_by=who,
        status=HTTPStatus.PRECONDITION_FAILED,
    )
    uow.commit()
    return answer


def _began_with(names: Iterable[str]) -> dict[str, str]:
    """The values that the form was made from, as it carries them itself."""
    return {name: request.form.get(f"was_{name}", "") for name in names if name not in SYSTEMS}


def _same(one: str, other: str) -> bool:
    # A browser sends other line ends than it was given.
    return one.split() == other.split()


def _said(name: str, value: str) -> str:
    return gettext(GENDER_NAMES[value]) if name == "gender" and value in GENDER_NAMES else value


def _again(
    patient_id: UUID,
    form: PatientForm,
    *,
    version: int,
    errors: dict[str, list[str]] | None = None,
    mismatch: dict[str, list[str]] | None = None,
    owner_id: str = "",
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY,
) -> Response:
    """The form with what was typed and what is wrong; the version is still the one that they began with."""
    uow = request_unit_of_work()
    found = patient_record(uow=uow, patient_id=patient_id)
    answer = _form(
        found,
        shown=form.shown,
        began_with=_began_with(form.shown),
        version=version,
        errors=spoken(errors or {}),
        mismatch=spoken(mismatch or {}),
        owner_id=owner_id,
        status=status,
    )
    uow.commit()
    return answer


def _form(
    found: PatientRecord,
    *,
    shown: dict[str, str],
    began_with: dict[str, str],
    version: int,
    errors: dict[str, list[str]] | None = None,
    mismatch: dict[str, list[str]] | None = None,
    differences: list[Difference] | None = None,
    changed_by: str = "",
    owner_id: str = "",
    status: int = HTTPStatus.OK,
) -> Response:
    known = {system: masked(system, value) for system, value in found.identifiers.items()}
    return page(
        "patients/edit.html",
        status=status,
        patient=banner(found),
        shown=shown,
        began_with={name: value for name, value in began_with.items() if name not in SYSTEMS},
        version=version,
        known=known,
        system_names=SYSTEM_NAMES,
        errors=errors or {},
        mismatch=mismatch or {},
        differences=differences,
        changed_by=changed_by,
        changed_at=found.patient.updated_at,
        owner_id=owner_id,
        genders=options(GENDER_NAMES),
        blood_types=[(kind, kind) for kind in BLOOD_TYPES],
    )
