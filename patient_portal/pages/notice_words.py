"""Patients' notices in words: what the hospital did, and the page that it leads to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flask import url_for
from flask_babel import gettext

from kernel.text import N_
from patient_portal.hospitals.merging import Item
from patient_portal.wording import moment_in_words
from tenant_app.notices.public import PatientNoticeRow

# Kind → title and icon.
_KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "appointment.booked": (N_("A new appointment for you"), "calendar-plus"),
    "appointment.confirmed": (N_("Your appointment is confirmed"), "calendar-event"),
    "appointment.moved": (N_("Your appointment was moved"), "calendar-event"),
    "appointment.cancelled": (N_("The hospital cancelled your appointment"), "calendar-x"),
    "reminder.sent": (N_("You were reminded of your appointment"), "mail"),
    "queue.called": (N_("Your number was called"), "bell"),
    "guardian.named": (N_("Somebody was written down as your guardian"), "shield-check"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What a notice says, and the icon beside it."""

    title: str
    detail: str
    icon: str


def told(item: Item[PatientNoticeRow]) -> Told:
    """The notice, with the hospital that it is from."""
    row = item.row
    title, icon = _KINDS[row.kind]
    facts = [item.hospital.name, *_facts(row)]
    return Told(title=gettext(title), detail=" · ".join(fact for fact in facts if fact), icon=icon)


def leads_to(tenant_code: str, row: PatientNoticeRow) -> str:
    """The page that shows the thing."""
    if row.kind == "queue.called":
        return url_for("my_number.show")
    if row.kind == "guardian.named":
        return url_for("record.show")
    return url_for("visits.one", tenant_code=tenant_code, appointment_id=row.thing_id)


def _facts(row: PatientNoticeRow) -> list[str | None]:
    if row.day is not None and row.start_time is not None:
        when = moment_in_words(row.day, row.start_time)
        if row.kind == "appointment.moved":
            when = gettext("now %(when)s", when=when)
        return [when, row.doctor_name, row.department_name]
    if row.number is not None:
        number = gettext("number %(number)s", number=row.number)
        room = gettext("room %(room)s", room=row.room) if row.room else None
        return [number, row.department_name, room]
    if row.guardian_relation:
        return [f"{row.guardian_name} ({row.guardian_relation})"]
    return [row.guardian_name]
