"""Everything that happened with a patient, by day, the newest first."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from flask import Blueprint, Response, request
from flask_babel import gettext

from kernel.clock import LOCAL_ZONE
from kernel.errors import Forbidden
from kernel.ids import parse_uuid
from kernel.text import N_
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from tenant_app.pages.forms import page
from tenant_app.pages.patient_pages import ACTION_NAMES, FIELD_NAMES
from tenant_app.pages.reminder_words import CHANNEL_NAMES
from tenant_app.pages.shown import SYSTEM_NAMES, banner, long_day
from tenant_app.pages.status_pages import REASON_NAMES
from tenant_app.patients.public import read
from tenant_app.timeline.public import Event, kinds_for
from tenant_app.timeline.public import timeline as events_of

blueprint = Blueprint("timeline", __name__, url_prefix="/patients/<patient_id>/timeline")

ON_A_PAGE: Final = 40
KIND_NAMES: Final = {
    "record": N_("Record"),
    "identifier": N_("Numbers"),
    "insurance": N_("Health insurance"),
    "allergy": N_("Allergies"),
    "contact": N_("Contacts"),
    "history": N_("Medical history"),
    "appointment": N_("Appointments"),
    "reminder": N_("Reminders"),
    "queue": N_("Waiting queue"),
    "portal": N_("Patient portal"),
    "access": N_("Who looked"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """How an event is shown."""

    title: str
    glyph: str
    tone: str = "neutral"


WORDS: Final[Mapping[str, Words]] = {
    "record.registered": Words(N_("Registered"), "user-plus", "success"),
    "record.changed": Words(N_("Details changed"), "pencil"),
    "status.active": Words(N_("Made the record active again"), "rotate", "success"),
    "status.inactive": Words(N_("Record made inactive"), "ban", "warning"),
    "status.deceased": Words(N_("Death written down"), "circle-x", "danger"),
    "identifier.added": Words(N_("Number added"), "id"),
    "identifier.ended": Words(N_("Number ended"), "id"),
    "insurance.noted": Words(N_("Health insurance card written down"), "id", "info"),
    "insurance.ended": Words(N_("Health insurance card ended"), "id"),
    "allergy.noted": Words(N_("Allergy written down"), "alert-triangle", "danger"),
    "allergy.ended": Words(N_("Allergy ended"), "alert-triangle"),
    "contact.noted": Words(N_("Contact written down"), "phone"),
    "contact.ended": Words(N_("Contact ended"), "phone"),
    "history.noted": Words(N_("Medical history written down"), "report-medical", "info"),
    "history.ended": Words(N_("Entry of the medical history ended"), "report-medical"),
    "appointment.booked": Words(N_("Appointment booked"), "calendar-plus", "info"),
    "appointment.confirmed": Words(N_("Appointment confirmed"), "calendar-check", "info"),
    "appointment.moved": Words(N_("Appointment moved"), "calendar-event"),
    "appointment.started": Words(N_("Visit begun"), "stethoscope", "success"),
    "appointment.completed": Words(N_("Visit completed"), "check", "success"),
    "appointment.cancelled": Words(N_("Appointment cancelled"), "calendar-x", "warning"),
    "appointment.no_show": Words(N_("Did not come to the appointment"), "calendar-x", "warning"),
    "reminder.sent": Words(N_("Reminder sent"), "send", "info"),
    "reminder.uncertain": Words(N_("Reminder perhaps sent"), "help-circle", "warning"),
    "reminder.failed": Words(N_("Reminder could not be sent"), "alert-circle", "danger"),
    "queue.taken": Words(N_("Number given"), "hourglass"),
    "queue.called": Words(N_("Called"), "bell"),
    "queue.done": Words(N_("Done in the queue"), "check", "success"),
    "queue.left": Words(N_("Left the queue"), "x"),
    "queue.no_show": Words(N_("Did not come when called"), "x", "warning"),
    "queue.transferred": Words(N_("Sent on"), "arrow-right"),
    "portal.code_given": Words(N_("Activation code given"), "key"),
    "portal.code_used": Words(N_("Activation code used"), "key", "success"),
    "access": Words(N_("Access"), "eye"),
}


@blueprint.route("")
@requires("patient.read")
def show(patient_id: str) -> Response:
    """The events, all that the reader may see or one kind of them."""
    uow, actor = request_unit_of_work(), current_actor()
    wanted = parse_uuid(patient_id, what="patient")
    kinds = kinds_for(actor)
    kind = request.args.get("kind", "")
    if kind in KIND_NAMES and kind not in kinds:
        raise Forbidden
    chosen = kind if kind in kinds else None
    found = read(uow=uow, actor=actor, patient_id=wanted)
    listed = events_of(
        uow=uow,
        actor=actor,
        patient_id=wanted,
        kind=chosen,
        limit=ON_A_PAGE,
        cursor=request.args.get("cursor") or None,
    )
    uow.commit()
    days = groupby(listed.items, key=lambda event: event.at.astimezone(LOCAL_ZONE).date())
    return page(
        "patients/timeline.html",
        patient=banner(found),
        kinds=[(each, gettext(KIND_NAMES[each])) for each in kinds],
        chosen=chosen or "",
        days=[(long_day(day), [_shown(event) for event in events]) for day, events in days],
        shown=len(listed.items),
        next_cursor=listed.next_cursor,
    )


def _shown(event: Event) -> dict[str, Any]:
    words = WORDS[event.what]
    return {
        "title": gettext(words.title),
        "icon": words.glyph,
        "tone": words.tone,
        "time": event.at.astimezone(LOCAL_ZONE).strftime("%H:%M"),
        "actor": event.by_name or (gettext("The patient") if event.by_patient else None),
        "detail": _detail(event),
    }


def _detail(event: Event) -> str | None:
    """What stands below the title: names of fields, never their values."""
    if event.detail is None:
        return None
    match event.what:
        case "record.changed":
            names = json.loads(event.detail)
            return ", ".join(gettext(FIELD_NAMES[name]) if name in FIELD_NAMES else name for name in names)
        case "identifier.added" | "identifier.ended":
            return str(gettext(SYSTEM_NAMES[event.detail]))
        case "status.active" | "status.inactive":
            return str(gettext(REASON_NAMES[event.detail]))
        case "reminder.sent" | "reminder.uncertain" | "reminder.failed":
            channel, _, moment = event.detail.partition(" ")
            return str(gettext("%(channel)s, about %(moment)s", channel=gettext(CHANNEL_NAMES[channel]), moment=moment))
        case "access":
            return str(gettext(ACTION_NAMES[event.detail])) if event.detail in ACTION_NAMES else event.detail
        case _:
            return event.detail
