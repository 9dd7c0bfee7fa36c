"""Whom to call for a patient: who is called first, who may speak for a child, and who was to be called before."""

from functools import partial
from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from kernel.ids import parse_uuid
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from tenant_app.pages.forms import long_text, page, spoken
from tenant_app.pages.noted import END_NAMES, done, end_reason, split, typed_again, written
from tenant_app.pages.shown import banner, guardian_warning, spaced_phone
from tenant_app.patients.public import NewContact, add_contact, contacts_of, end_contact, read, set_call_first

blueprint = Blueprint("contacts", __name__, url_prefix="/patients/<patient_id>/contacts")


@blueprint.route("")
@requires("patient.read")
def show(patient_id: str) -> Response:
    """Whom to call, and who was to be called before."""
    return _show(parse_uuid(patient_id, what="patient"))


@blueprint.route("", methods=["POST"])
@requires("patient.update")
def add(patient_id: str) -> Response:
    """Write somebody down."""
    wanted = parse_uuid(patient_id, what="patient")
    return written(
        lambda: add_contact(uow=request_unit_of_work(), actor=current_actor(), patient_id=wanted, new=_contact()),
        show=partial(_show, wanted),
        here=url_for("contacts.show", patient_id=wanted),
        message=gettext("The contact is written down."),
    )


@blueprint.route("/<contact_id>/end", methods=["POST"])
@requires("patient.update")
def end(patient_id: str, contact_id: str) -> Response:
    """Not to be called any more."""
    wanted = parse_uuid(patient_id, what="patient")
    ending = partial(
        end_contact,
        uow=request_unit_of_work(),
        actor=current_actor(),
        patient_id=wanted,
        contact_id=parse_uuid(contact_id, what="contact"),
        reason=end_reason(),
    )
    message = gettext("The contact has ended. It stays in the history.")
    return done(ending, here=url_for("contacts.show", patient_id=wanted), message=message)


@blueprint.route("/<contact_id>/call-first", methods=["POST"])
@requires("patient.update")
def call_first(patient_id: str, contact_id: str) -> Response:
    """Call this one before the others."""
    wanted = parse_uuid(patient_id, what="patient")
    setting = partial(
        set_call_first,
        uow=request_unit_of_work(),
        actor=current_actor(),
        patient_id=wanted,
        contact_id=parse_uuid(contact_id, what="contact"),
    )
    message = gettext("This contact is called first now.")
    return done(setting, here=url_for("contacts.show", patient_id=wanted), message=message)


def _contact() -> NewContact:
    return NewContact(
        full_name=long_text("full_name", longest=255),
        phone=long_text("phone", longest=40),
        relation=long_text("relation", longest=100),
        is_guardian=request.form.get("is_guardian") == "1",
        call_first=request.form.get("call_first") == "1",
    )


def _show(patient_id: UUID, *, errors: dict[str, list[str]] | None = None, status: int = HTTPStatus.OK) -> Response:
    uow = request_unit_of_work()
    found = read(uow=uow, actor=current_actor(), patient_id=patient_id)
    answer = page(
        "patients/contacts.html",
        status=status,
        patient=banner(found),
        guardian=guardian_warning(found),
        **split(contacts_of(uow=uow, patient_id=patient_id)),
        typed=typed_again("full_name", "phone", "relation", "is_guardian", "call_first"),
        errors=spoken(errors or {}),
        end_names=END_NAMES,
        spaced=spaced_phone,
    )
    uow.commit()
    return answer
