"""Unusual access in sentences: what stood out, and why that is noticed."""

from collections.abc import Mapping
from typing import Final

from flask_babel import gettext, ngettext

from kernel.clock import LOCAL_ZONE
from kernel.text import N_
from tenant_app.pages.shown import role_title
from tenant_app.unusual.public import FindingRow

KIND_TITLES: Final[Mapping[str, str]] = {
    "many_hour": N_("Many records in an hour"),
    "many_day": N_("Many records in a day"),
    "odd_hours": N_("At odd hours"),
    "no_visit": N_("Patients without a visit"),
    "own_record": N_("One's own record"),
    "relative": N_("Records of one's own people"),
}
KIND_REASONS: Final[Mapping[str, str]] = {
    "many_hour": N_("Far more patients in one hour than others in the same role open. It may be a busy clinic."),
    "many_day": N_("Far more patients in one day than others in the same role open. It may be a busy day."),
    "odd_hours": N_("Outside business hours, and not when this person usually works. It may be a shift for somebody."),
    "no_visit": N_(
        "These patients had neither an appointment nor a number in the person's department around that day. "
        "It may be a consultation for another department."
    ),
    "own_record": N_(
        "A patient of the same name and phone. Staff who are patients ask a colleague to open the record."
    ),
    "relative": N_(
        "Patients of the same family name who share the phone or the address, or name this person as the one to call."
    ),
}
STATE_NAMES: Final[Mapping[str, str]] = {
    "open": N_("To look at"),
    "looked_at": N_("Looked at"),
    "explained": N_("Explained"),
}
STATE_BADGES: Final[Mapping[str, tuple[str, str]]] = {
    "open": ("warning", "alert-triangle"),
    "looked_at": ("neutral", "eye"),
    "explained": ("success", "check"),
}


def who(row: FindingRow) -> str:
    """`Điều dưỡng Lê Thị Hoa`."""
    return f"{role_title(row.user_role)} {row.user_name}"


def told(row: FindingRow) -> str:
    """`Điều dưỡng Lê Thị Hoa mở hồ sơ của 62 bệnh nhân trong một giờ; thường là 12.`"""
    values = {"who": who(row)}
    match row.kind:
        case "many_hour":
            said = ngettext(
                "%(who)s opened the records of %(num)d patient in an hour.",
                "%(who)s opened the records of %(num)d patients in an hour.",
                row.patients,
                **values,
            )
        case "many_day":
            said = ngettext(
                "%(who)s opened the records of %(num)d patient in a day.",
                "%(who)s opened the records of %(num)d patients in a day.",
                row.patients,
                **values,
            )
        case "odd_hours":
            said = ngettext(
                "%(who)s opened the records of %(num)d patient at odd hours.",
                "%(who)s opened the records of %(num)d patients at odd hours.",
                row.patients,
                **values,
            )
        case "no_visit":
            said = ngettext(
                "%(who)s opened the records of %(num)d patient without a visit in their department.",
                "%(who)s opened the records of %(num)d patients without a visit in their department.",
                row.patients,
                **values,
            )
        case "own_record":
            said = gettext("%(who)s opened what seems to be their own record.", **values)
        case _:
            said = ngettext(
                "%(who)s opened the record of %(num)d person who seems to be one of their own people.",
                "%(who)s opened the records of %(num)d people who seem to be their own people.",
                row.patients,
                **values,
            )
    usual = gettext("Usual is %(number)s.", number=row.usual) if row.usual is not None else ""
    return f"{said} {usual}".strip()


def when(row: FindingRow) -> str:
    """`14:00–15:00, 21/11/2026`, or the day alone."""
    begins, ends = row.starts_at.astimezone(LOCAL_ZONE), row.ends_at.astimezone(LOCAL_ZONE)
    if row.kind == "many_hour":
        return f"{begins:%H:%M}\u2013{ends:%H:%M}, {begins:%d/%m/%Y}"
    return f"{begins:%d/%m/%Y}"
