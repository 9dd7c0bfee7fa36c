"""Notices in words: what happened, and where it leads."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Final

from flask import url_for
from flask_babel import gettext

from kernel.text import N_
from kernel.web.actor import Actor
from kernel.web.i18n import shown_date
from tenant_app.notices.public import NoticeRow
from tenant_app.pages.unusual_words import KIND_TITLES

# Kind → what one chooses, and what it means.
KIND_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "appointment.booked": (N_("New appointment"), N_("Somebody booked an appointment with you.")),
    "appointment.moved": (N_("Appointment moved"), N_("Your appointment got another time, or another doctor.")),
    "appointment.cancelled": (N_("Appointment cancelled"), N_("Somebody cancelled an appointment with you.")),
    "patient.arrived": (N_("Your patient has come"), N_("Reception gave a number to a patient with an appointment.")),
    "patient.called": (N_("Patient called to you"), N_("A colleague called a patient from the line to you.")),
    "import.finished": (N_("Import from a file"), N_("A file was checked or imported to its end, or it failed.")),
    "reminder.failed": (N_("Reminders not sent"), N_("E-mails or SMS to patients were refused; somebody should call.")),
    "access.unusual": (N_("Unusual access"), N_("Something stands out in the access log.")),
}
_IMPORT_TITLES: Final[Mapping[str, str]] = {
    "checked": N_("A file is checked: look at it and import"),
    "done": N_("The patients of a file are imported"),
    "failed": N_("An import failed"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What a notice says, the icon beside it, and the page that it leads to."""

    title: str
    detail: str = ""
    icon: str = "bell"
    href: str | None = None


def told(row: NoticeRow, *, actor: Actor) -> Told:
    """The notice as its reader is permitted to see it now."""
    if not row.readable:
        return Told(
            title=gettext("This is no longer open to you"),
            detail=gettext("Your rights have changed since."),
            icon="eye-off",
        )
    match row.kind.partition(".")[0]:
        case "appointment":
            return _of_appointment(row, actor)
        case "patient":
            return _of_patient(row)
        case "import":
            return Told(
                title=gettext(_IMPORT_TITLES.get(row.import_state or "", KIND_NAMES[row.kind][0])),
                detail=row.file_name or "",
                icon="file-text",
                href=url_for("import_pages.one", import_id=row.thing_id) if row.import_state else None,
            )
        case "factor":
            return _of_factor(row, actor)
        case "reminder":
            return Told(
                title=gettext("Reminders could not be sent"),
                detail=gettext("See whose, and call them."),
                icon="mail",
                href=url_for("reminder_pages.failed"),
            )
    return Told(
        title=gettext("Unusual access"),
        detail=gettext(KIND_TITLES[row.finding_kind]) if row.finding_kind else "",
        icon="shield-lock",
        href=url_for("unusual_pages.one", finding_id=row.thing_id),
    )


def _of_appointment(row: NoticeRow, actor: Actor) -> Told:
    if row.day is None or row.start_time is None or row.doctor_id is None:
        return Told(title=gettext(KIND_NAMES[row.kind][0]))
    when = _when(row.day, row.start_time)
    detail, icon = f"{row.patient_name} · {when}", "calendar-plus"
    if row.kind == "appointment.cancelled":
        icon = "calendar-x"
    elif row.kind == "appointment.moved":
        icon = "calendar-event"
        detail = gettext("%(patient)s · now %(when)s", patient=row.patient_name, when=when)
    if row.doctor_id != actor.id:
        detail = gettext("%(what)s, with %(doctor)s", what=detail, doctor=row.doctor_name)
    href = url_for("day.show", day=row.day, doctor=row.doctor_id)
    return Told(title=gettext(KIND_NAMES[row.kind][0]), detail=detail, icon=icon, href=href)


def _of_patient(row: NoticeRow) -> Told:
    if row.number is None:
        return Told(title=gettext(KIND_NAMES[row.kind][0]))
    where = row.department_name if row.kind == "patient.arrived" or not row.room else row.room
    return Told(
        title=gettext(KIND_NAMES[row.kind][0]),
        detail=gettext(
            "%(patient)s · number %(number)s · %(where)s", patient=row.patient_name, number=row.number, where=where
        ),
        icon="user-check" if row.kind == "patient.arrived" else "bell",
        href=url_for("queue_pages.show", department_id=row.department_id),
    )


def _of_factor(row: NoticeRow, actor: Actor) -> Told:
    if actor.mfa_at is not None or row.demanded_from is None:
        detail = ""
    else:
        detail = gettext(
            "From %(day)s on nothing else is open to you without it. Set it up now: it takes two minutes.",
            day=shown_date(row.demanded_from),
        )
    return Told(
        title=gettext("Your role will need a second factor"),
        detail=detail,
        icon="shield-lock",
        href=url_for("second_factor.show"),
    )


def _when(day: date, start: time) -> str:
    return f"{start:%H:%M} {day:%d/%m/%Y}"
