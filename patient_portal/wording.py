"""How dates and ages are said to patients: the day of the week in words, then day/month/year."""

from collections.abc import Mapping
from datetime import date, time
from typing import Any, Final

from flask import Flask
from flask_babel import gettext

from kernel.clock import local_today
from tenant_app.appointments.public import AppointmentRow
from tenant_app.calendar.public import WEEKDAY_NAMES, grouped, hours_text, read_hours
from tenant_app.patients.public import KnownContact

_WEEKDAYS: Final = tuple(WEEKDAY_NAMES.values())


def weekday(day: date) -> str:
    """`Thứ ba`."""
    return str(gettext(_WEEKDAYS[day.weekday()]))


def in_words(day: date) -> str:
    """`Thứ ba, 24/11/2026`."""
    return f"{weekday(day)}, {day:%d/%m/%Y}"


def moment_in_words(day: date, start: time) -> str:
    """`Thứ ba, 24/11/2026, 08:30`."""
    return f"{in_words(day)}, {start:%H:%M}"


def when(row: AppointmentRow) -> str:
    """The start of an appointment, likewise."""
    return moment_in_words(row.appointment_date, row.start_time)


def how_soon(day: date) -> str:
    """`Hôm nay`, `Ngày mai`, `Còn 3 ngày`; nothing beyond two weeks or before today."""
    days = (day - local_today()).days
    if days == 0:
        return str(gettext("Today"))
    if days == 1:
        return str(gettext("Tomorrow"))
    return str(gettext("In %(days)d days", days=days)) if 1 < days <= 14 else ""


def masked(number: str) -> str:
    """Enough of a number to know one's own: `079*******45`."""
    return f"{number[:3]}{'*' * max(0, len(number) - 5)}{number[-2:]}"


def contact_line(contact: KnownContact) -> str:
    """`Nguyễn Văn An (cha, người giám hộ)`."""
    said = [contact.relation, gettext("guardian") if contact.is_guardian else None]
    more = ", ".join(each for each in said if each)
    return f"{contact.name} ({more})" if more else contact.name


def opening_hours(stored: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """`[("Thứ hai – Thứ sáu", "07:00-11:30, 13:00-17:00"), …]`; nothing where the hospital has set none."""
    week = read_hours(stored)
    found: list[tuple[str, str]] = []
    for first, last, hours in grouped(week) if week else ():
        days = [str(gettext(_WEEKDAYS[number])) for number in dict.fromkeys((first, last))]
        found.append((" – ".join(days), hours_text(hours)))
    return found


def install(app: Flask) -> None:
    """Give these to the templates."""
    app.jinja_env.filters.update(
        weekday=weekday,
        in_words=in_words,
        when=when,
        how_soon=how_soon,
        masked=masked,
        contact_line=contact_line,
        opening_hours=opening_hours,
    )
