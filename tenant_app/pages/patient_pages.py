"""Finding patients, and the page of one: who they are, their appointments, their account, who looked."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from kernel.clock import local_today
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidFields
from kernel.ids import parse_uuid
from kernel.settings import Settings
from kernel.text import N_
from kernel.web.access import requires
from kernel.web.actor import Actor, current_actor
from kernel.web.collaborators import collaborator, request_unit_of_work
from kernel.web.problems import sentences
from tenant_app.appointments.public import AppointmentRow, Filter, latest_before, read_list
from tenant_app.audit.public import accesses_of_patient, record
from tenant_app.hospital.public import hospital_info
from tenant_app.pages.day import actions_for
from tenant_app.pages.forms import lead_to, page, spoken, typed, wants_part
from tenant_app.pages.patient_narrowing import choices, named, read_narrowing
from tenant_app.pages.recent_patients import recently_opened, with_ages
from tenant_app.pages.saved_lists import Opened, as_chosen, opened
from tenant_app.pages.shown import (
    GENDER_NAMES,
    TYPE_NAMES,
    banner,
    guardian_warning,
    numbers,
    spaced_phone,
)
from tenant_app.patients.public import (
    Narrowing,
    PatientInactive,
    PatientRecord,
    PatientRow,
    SearchTerms,
    patient_record,
    portal_state,
    read,
    read_search,
    search,
)
from tenant_app.portal.public import NoIdentifier, issue_code
from tenant_app.reminders.public import attendance_of, wishes_of

blueprint = Blueprint("patient_pages", __name__, url_prefix="/patients")

# As typed, a search begins with this many characters; the button searches with fewer.
FIRST_AT: Final = 2
FOUND_AT_ONCE: Final = 25
# What may travel from booking through the search and back: ids and a day, nothing of the patient.
_CARRIED: Final = ("day", "doctor", "department", "start")

ACTION_NAMES: Final = {
    "patient.register": N_("Registered the patient"),
    "patient.read": N_("Opened the record"),
    "patient.update": N_("Changed the record"),
    "patient.no_allergies": N_("Wrote down that no allergy is known"),
    "patient.take_back": N_("Took the registration back with its file"),
    "patient.close": N_("Closed the record"),
    "patient.reopen": N_("Made the record active again"),
    "history.read": N_("Read the medical history"),
    "history.note": N_("Wrote the medical history down"),
    "history.end": N_("Ended an entry of the medical history"),
    "patient.invite": N_("Gave an activation code"),
    "patient.reveal": N_("Showed the identifiers in full"),
    "patient.reset_mfa": N_("Took the second factor away"),
    "auth.activate": N_("Activated the account"),
    "auth.sign_in": N_("Signed in"),
    "auth.mfa_enrol": N_("Began to set up a second factor"),
    "auth.mfa_enable": N_("Switched a second factor on"),
    "auth.mfa_disable": N_("Switched the second factor off"),
    "auth.mfa_recovery_codes": N_("Made new recovery codes"),
    "auth.mfa_refused": N_("Failed to prove the second factor"),
    "portal.link": N_("Linked this hospital"),
    "portal.unlink": N_("Unlinked this hospital"),
    "appointment.book": N_("Booked an appointment"),
    "appointment.move": N_("Moved an appointment"),
    "appointment.read": N_("Opened an appointment"),
    "appointment.list": N_("Looked at the appointments"),
    "appointment.confirm": N_("Confirmed an appointment"),
    "appointment.start": N_("Started an appointment"),
    "appointment.complete": N_("Completed an appointment"),
    "appointment.cancel": N_("Cancelled an appointment"),
    "appointment.no_show": N_("Noted that nobody came to an appointment"),
    "appointment.came": N_("Noted that the patient came after all"),
    "reminder.send": N_("Sent a reminder"),
    "reminder.ask": N_("Had a reminder sent"),
    "reminder.stop": N_("Stopped a reminder"),
    "reminder.wishes": N_("Wrote down whether the patient wants reminders"),
    "queue.take": N_("Gave a number in the queue"),
    "queue.read": N_("Opened a number of the queue"),
    "queue.list": N_("Looked at the queue"),
    "queue.call": N_("Called from the queue"),
    "queue.recall": N_("Called again"),
    "queue.miss": N_("Noted that the patient did not come"),
    "queue.start": N_("Began the visit from the queue"),
    "queue.finish": N_("Ended the visit from the queue"),
    "queue.leave": N_("Noted that the patient left the queue"),
    "queue.transfer": N_("Sent on to another department"),
    "queue.undo": N_("Undid a step in the queue"),
}
FIELD_NAMES: Final = {
    "full_name": N_("Full name"),
    "date_of_birth": N_("Date of birth"),
    "gender": N_("Sex"),
    "phone": N_("Phone"),
    "email": N_("E-mail"),
    "address": N_("Address"),
    "emergency_contact": N_("Person to call"),
    "contacts": N_("Contacts"),
    "medical_history": N_("Medical history"),
    "insurance_card": N_("Health insurance card"),
    "allergies": N_("Allergies"),
    "blood_type": N_("Blood type"),
    "height_cm": N_("Height"),
    "weight_kg": N_("Weight"),
    "cccd": N_("CCCD"),
    "cmnd": N_("Old identity card"),
    "bhyt": N_("Health insurance"),
    "passport": N_("Passport"),
    "status": N_("Status"),
    "password": N_("Password"),
    "sms": N_("SMS"),
    "language": N_("Language"),
}
KIND_NAMES: Final = {
    "staff": N_("Staff"),
    "patient": N_("The patient"),
    "admin": N_("Platform administrator"),
    "worker": N_("The system"),
}


@blueprint.route("")
@requires("patient.read")
def find() -> Response:
    """The search box, with whom one had open last, or who fits a filter. What is typed never stands in an address."""
    uow, actor = request_unit_of_work(), current_actor()
    carried = _carried()
    saved = opened(uow, actor, "patients")
    narrowed = Narrowing() if carried else read_narrowing(saved.args)
    values = _asked("", carried, narrowed, saved)
    if narrowed.chosen:
        values |= _found(uow, actor, read_search("", narrowed=narrowed))
    else:
        values["recent"] = recently_opened(uow=uow, actor=actor)
    uow.commit()
    return page("patients/find.html", **values)


@blueprint.route("", methods=["POST"])
@requires("patient.read")
def results() -> Response:
    """Who fits what was typed. A post, because a CCCD must stand in no address."""
    uow, actor = request_unit_of_work(), current_actor()
    query, carried, lead = typed("query"), _carried(), ""
    narrowed = Narrowing() if carried else read_narrowing(request.form)
    values = _asked(query, carried, narrowed, as_chosen(uow, actor, "patients", named(narrowed)))
    enough = len(query) >= FIRST_AT or (query and not wants_part())
    if enough or (not query and narrowed.chosen):
        try:
            terms = read_search(query, narrowed=narrowed)
            values |= _found(uow, actor, terms)
        except InvalidFields as wrong:
            values["errors"] = spoken(wrong.errors)
        else:
            lead = _opened(query, [each.row for each in values["found"]], carried)
    else:
        values["recent"] = recently_opened(uow=uow, actor=actor)
    uow.commit()
    if lead and not wants_part():
        return lead_to(lead)
    answer = page("patients/found.html" if wants_part() else "patients/find.html", **values)
    if lead:
        answer.headers["HX-Redirect"] = lead
    return answer


@blueprint.route("/<patient_id>")
@requires("patient.read")
def show(patient_id: str) -> Response:
    """The patient's page; the identifiers are masked."""
    return _show(parse_uuid(patient_id, what="patient"))


@blueprint.route("/<patient_id>/identifiers", methods=["POST"])
@requires("patient.read")
def reveal(patient_id: str) -> Response:
    """The same with the identifiers in full, which is written down as such."""
    wanted = parse_uuid(patient_id, what="patient")
    if not wants_part():
        return _show(wanted, revealed=True)
    uow = request_unit_of_work()
    found = patient_record(uow=uow, patient_id=wanted)
    _record_reveal(uow, current_actor(), found)
    uow.commit()
    return page(
        "patients/identifiers.html", identifiers=numbers(found, revealed=True), patient_id=wanted, revealed=True
    )


@blueprint.route("/<patient_id>/portal-code", methods=["POST"])
@requires("patient.invite")
def give_code(patient_id: str) -> Response:
    """A new activation code, shown this once, on a slip to print."""
    uow, actor = request_unit_of_work(), current_actor()
    wanted = parse_uuid(patient_id, what="patient")
    try:
        issued = issue_code(uow=uow, actor=actor, patient_id=wanted)
    except (NoIdentifier, PatientInactive) as refused:
        uow.session.rollback()
        return _show(wanted, refused=sentences(refused), status=refused.status)
    found = patient_record(uow=uow, patient_id=wanted)
    hospital = hospital_info(uow=uow)
    uow.commit()
    patient_url = collaborator(Settings).patient_url
    return page(
        "patients/portal_code.html",
        code=issued.activation_code,
        expires_at=issued.expires_at,
        patient=banner(found),
        hospital=hospital,
        activate_url=f"{patient_url}/activate",
        # On paper the address is copied by hand: without what browsers add by themselves.
        portal_address=urlsplit(patient_url).netloc or patient_url,
    )


@blueprint.route("/<patient_id>/access")
@requires("audit.read")
def access(patient_id: str) -> Response:
    """Who looked at this patient's data, the newest first. Looking at this list is not a look at the patient."""
    uow = request_unit_of_work()
    wanted = parse_uuid(patient_id, what="patient")
    found = patient_record(uow=uow, patient_id=wanted)
    listed = accesses_of_patient(uow=uow, patient_id=wanted, limit=50, cursor=request.args.get("cursor") or None)
    record(uow=uow, actor=current_actor(), action="audit.read", resource_type="patient", resource_id=wanted)
    uow.commit()
    return page(
        "patients/access.html",
        patient=banner(found),
        rows=listed.items,
        next_cursor=listed.next_cursor,
        action_names=ACTION_NAMES,
        field_names=FIELD_NAMES,
        kind_names=KIND_NAMES,
    )


def _opened(query: str, rows: Sequence[PatientRow], carried: dict[str, str]) -> str:
    """The page of the patient whose whole code was scanned or typed; empty for others, and while somebody books."""
    if carried or len(rows) != 1 or query.upper() != rows[0].patient_code:
        return ""
    return url_for("patient_pages.show", patient_id=rows[0].id)


def _asked(query: str, carried: dict[str, str], narrowed: Narrowing, saved: Opened) -> dict[str, Any]:
    """What the search box shows again, and nobody found yet."""
    chosen = named(narrowed)
    # The other pages with a search box have no place for the row of filters.
    has_filters = not carried and (not wants_part() or "status" in request.form)
    bar = saved.bar(chosen)
    return {
        "query": query,
        "carried": carried,
        # Whoever books looks for one person.
        "narrowings": [] if carried else choices(narrowed),
        "fields": {**chosen, **carried},
        # A filter's name says what is chosen; on a phone the choices would push the patients out of sight.
        "narrowing_open": bool(chosen) and not any(chip.is_open for chip in bar.chips),
        "filters": bar if has_filters else None,
        "found": None,
        "recent": [],
        "errors": {},
        "next_cursor": None,
    }


def _found(uow: UnitOfWork, actor: Actor, terms: SearchTerms) -> dict[str, Any]:
    """Raises InvalidFields for a foreign cursor."""
    cursor = request.form.get("cursor") or None
    listed = search(uow=uow, actor=actor, terms=terms, limit=FOUND_AT_ONCE, cursor=cursor)
    return {"found": with_ages(listed.items), "next_cursor": listed.next_cursor}


def _carried() -> dict[str, str]:
    """What booking wants back with the patient, if it asked for one."""
    given = request.form if request.method == "POST" else request.args
    return {name: given[name] for name in _CARRIED if given.get(name)}


def _show(
    patient_id: UUID, *, revealed: bool = False, refused: tuple[str, str] | None = None, status: int = 200
) -> Response:
    uow, actor = request_unit_of_work(), current_actor()
    found = read(uow=uow, actor=actor, patient_id=patient_id)
    if revealed:
        _record_reveal(uow, actor, found)
    today = local_today()
    coming: list[AppointmentRow] = []
    past: list[AppointmentRow] = []
    if actor.may("appointment.read"):
        wanted = Filter(since=today, patient_id=patient_id)
        coming = read_list(uow=uow, actor=actor, wanted=wanted, limit=20).items
        past = latest_before(uow=uow, patient_id=patient_id, day=today)
    patient = found.patient
    answer = page(
        "patients/show.html",
        status=status,
        patient=banner(found),
        person=patient,
        details=_details(found),
        guardian=guardian_warning(found),
        identifiers=numbers(found, revealed=revealed),
        revealed=revealed,
        has_cccd="cccd" in found.identifiers,
        has_bhyt="bhyt" in found.identifiers,
        coming=coming,
        past=past,
        can_cancel=[row.id for row in coming if "cancel" in actions_for(actor, row.status)],
        portal_state=portal_state(uow=uow, patient_id=patient_id),
        wishes=wishes_of(uow=uow, patient_id=patient_id),
        attendance=attendance_of(uow=uow, patient_id=patient_id),
        refused=refused,
        just_registered=request.args.get("registered") == "1",
        type_names=TYPE_NAMES,
        today=today,
    )
    uow.commit()
    return answer


def _details(found: PatientRecord) -> list[tuple[str, str | None]]:
    patient = found.patient
    first = found.contacts[0] if found.contacts else None
    to_call = (
        " · ".join(part for part in (first.name, first.relation, spaced_phone(first.phone)) if part) if first else ""
    )
    body = [
        f"{patient.height_cm} cm" if patient.height_cm else "",
        f"{patient.weight_kg} kg" if patient.weight_kg else "",
    ]
    return [
        (gettext("Sex"), gettext(GENDER_NAMES[patient.gender])),
        (gettext("Phone"), spaced_phone(patient.phone)),
        (gettext("E-mail"), patient.email),
        (gettext("Address"), patient.address),
        (gettext("Person to call"), to_call or None),
        (gettext("Blood type"), patient.blood_type),
        (gettext("Height and weight"), ", ".join(part for part in body if part) or None),
        (gettext("Allergies"), ", ".join(known.substance for known in found.allergies) or None),
    ]


def _record_reveal(uow: UnitOfWork, actor: Actor, found: PatientRecord) -> None:
    record(
        uow=uow,
        actor=actor,
        action="patient.reveal",
        resource_type="patient",
        resource_id=found.patient.id,
        patient_id=found.patient.id,
        changed=found.identifiers,
    )
