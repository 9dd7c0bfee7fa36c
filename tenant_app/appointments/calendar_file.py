"""An appointment as a file for the calendar of one's own phone (iCalendar, RFC 5545). Pure.

Such calendars are synchronised with whoever runs them and seen by whoever shares them. So the file says when and at
which hospital, and nothing of the patient: no name or number, no department or doctor, no reason.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Final

from kernel.text import N_
from tenant_app.appointments.queries import AppointmentRow
from tenant_app.hospital.public import Hospital

MIMETYPE: Final = "text/calendar"
SUMMARY: Final = N_("Appointment at %(hospital)s")
CODE: Final = N_("Appointment number: %(code)s")
BRING: Final = N_("Please bring your citizen ID card and your health insurance card, and come 15 minutes early.")
CANNOT_COME: Final = N_("If you cannot come, call %(phone)s")

_ZONE: Final = "Asia/Ho_Chi_Minh"
# Việt Nam has had one time, UTC+7, since 1975.
_TIMEZONE: Final = (
    "BEGIN:VTIMEZONE",
    f"TZID:{_ZONE}",
    "BEGIN:STANDARD",
    "DTSTART:19750613T000000",
    "TZOFFSETFROM:+0700",
    "TZOFFSETTO:+0700",
    "TZNAME:+07",
    "END:STANDARD",
    "END:VTIMEZONE",
)
_LONGEST_LINE: Final = 75
_GONE: Final = ("cancelled", "no_show")


def calendar_file(row: AppointmentRow, *, hospital: Hospital, now: datetime, translate: Callable[[str], str]) -> bytes:
    """The file. Loaded again after the appointment was moved or cancelled, it changes the entry that there is."""
    name = hospital.display_name or hospital.name
    summary = translate(SUMMARY) % {"hospital": name}
    said = [translate(CODE) % {"code": row.appointment_code}, translate(BRING)]
    if hospital.phone:
        said.append(translate(CANNOT_COME) % {"phone": hospital.phone})
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Sokham//Sokham//VI",
        "METHOD:PUBLISH",
        *_TIMEZONE,
        "BEGIN:VEVENT",
        f"UID:{row.id}@sokham",
        f"SEQUENCE:{row.version}",
        f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;TZID={_ZONE}:{_local(row, row.start_time)}",
        f"DTEND;TZID={_ZONE}:{_local(row, row.end_time)}",
        f"STATUS:{'CANCELLED' if row.status in _GONE else 'CONFIRMED'}",
        "CLASS:PRIVATE",
        f"SUMMARY:{_escaped(summary)}",
        f"LOCATION:{_escaped(', '.join(filter(None, (name, hospital.address))))}",
        f"DESCRIPTION:{_escaped(chr(10).join(said))}",
    ]
    if row.status not in _GONE:
        lines += ["BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT2H", f"DESCRIPTION:{_escaped(summary)}", "END:VALARM"]
    lines += ["END:VEVENT", "END:VCALENDAR"]
    return b"".join(_folded(line) for line in lines)


def file_name(row: AppointmentRow) -> str:
    """`hen-kham-LH-000001.ics`."""
    return f"hen-kham-{row.appointment_code}.ics"


def _local(row: AppointmentRow, moment: time) -> str:
    return f"{row.appointment_date:%Y%m%d}T{moment:%H%M%S}"


def _escaped(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return "\\n".join(escaped.splitlines())


def _folded(line: str) -> bytes:
    """At most 75 octets a line, never in the middle of a letter; what goes on begins with a blank."""
    folded = [b""]
    for letter in line:
        octets = letter.encode()
        if len(folded[-1]) + len(octets) > _LONGEST_LINE:
            folded.append(b" ")
        folded[-1] += octets
    return b"\r\n".join(folded) + b"\r\n"
