"""How things are said to people: ages, days, masked numbers, names of statuses and kinds."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from flask_babel import format_date, gettext, ngettext

from central.patient_index.public import Cccd, parse_identifier
from kernel.clock import local_today
from kernel.errors import InvalidFields
from kernel.text import N_
from tenant_app.patients.public import PatientRecord, card_state, lacks_guardian, read_bhyt
from tenant_app.staff.public import ROLE_NAMES

TYPE_NAMES: Final[Mapping[str, str]] = {
    "consultation": N_("Consultation"),
    "follow_up": N_("Follow-up visit"),
    "emergency": N_("Emergency"),
}
GENDER_NAMES: Final[Mapping[str, str]] = {"male": N_("Male"), "female": N_("Female"), "other": N_("Other")}
SYSTEM_NAMES: Final[Mapping[str, str]] = {
    "cccd": N_("CCCD"),
    "cmnd": N_("Old identity card"),
    "bhyt": N_("Health insurance"),
    "passport": N_("Passport"),
}
STATUS_NAMES: Final[Mapping[str, str]] = {
    "active": N_("Active record"),
    "inactive": N_("Inactive record"),
    "deceased": N_("Deceased"),
}
AGE_NAMES: Final[Mapping[str, str]] = {
    "under6": N_("Under 6"),
    "under16": N_("Under 16"),
    "16to59": N_("16 to 59"),
    "from60": N_("60 and older"),
    "from75": N_("75 and older"),
}
INSURANCE_NAMES: Final[Mapping[str, str]] = {
    "missing": N_("No health insurance card yet"),
    "present": N_("With a health insurance card"),
    "expired": N_("The health insurance card has run out"),
}
SEVERITY_NAMES: Final[Mapping[str, str]] = {
    "severe": N_("Severe"),
    "moderate": N_("Moderate"),
    "mild": N_("Mild"),
    "unknown": N_("Severity not known"),
}
SOURCE_NAMES: Final[Mapping[str, str]] = {
    "hospital_staff": N_("Booked by staff"),
    "web_portal": N_("Booked by the patient"),
    "mobile_app": N_("Booked by the patient"),
}
# How doctors of children count: days for the newborn, then months, years from three on.
_MONTHS_UNTIL: Final = 36


def months_between(born: date, today: date) -> int:
    """Whole months of age."""
    return (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)


def age(born: date, *, today: date | None = None) -> str:
    """`35 tuổi`, `14 tháng tuổi`, `3 ngày tuổi`."""
    day = today or local_today()
    months = months_between(born, day)
    if months < 1:
        return str(ngettext("%(num)d day old", "%(num)d days old", max(0, (day - born).days)))
    if months < _MONTHS_UNTIL:
        return str(ngettext("%(num)d month old", "%(num)d months old", months))
    return str(ngettext("%(num)d year old", "%(num)d years old", months // 12))


def long_day(day: date) -> str:
    """`Thứ Bảy, 21/11/2026`."""
    written: str = format_date(day, "EEEE, dd/MM/yyyy")
    return written[:1].upper() + written[1:]


def masked(system: str, value: str) -> str:
    """A stored identifier, hidden but for what helps to recognise it."""
    if system == "cccd":
        return f"{value[:4]}******{value[-2:]}"
    return parse_identifier(system, value).masked


def open_number(system: str, value: str) -> str:
    """A stored identifier in the groups in which people read it out."""
    return f"{value[:3]} {value[3:6]} {value[6:9]} {value[9:]}" if system == "cccd" else value


def numbers(record: PatientRecord, *, revealed: bool = False) -> list[dict[str, str]]:
    """A patient's identifiers for the banner: {label, masked}."""
    show = open_number if revealed else masked
    return [
        {"label": gettext(SYSTEM_NAMES[system]), "masked": show(system, record.identifiers[system])}
        for system in SYSTEM_NAMES
        if system in record.identifiers
    ]


def banner(record: PatientRecord, *, revealed: bool = False) -> dict[str, Any]:
    """What the kit's patient_banner takes."""
    patient = record.patient
    return {
        "id": patient.id,
        "name": patient.full_name,
        "code": patient.patient_code,
        "sex": patient.gender,
        "date_of_birth": patient.date_of_birth,
        # Of the dead, the age that they reached.
        "age": age(patient.date_of_birth, today=patient.deceased_on),
        "identifiers": numbers(record, revealed=revealed),
        "allergies": _allergies(record),
        "allergies_asked": bool(record.allergies) or patient.no_known_allergies_at is not None,
        "status": patient.status,
        "deceased_on": patient.deceased_on,
        "insurance": _insurance(record),
    }


def card_words(valid_from: date, valid_to: date | None, *, on: date) -> tuple[str, str]:
    """Whether a health insurance card is good on a day, in words and with the tone of a badge."""
    first, last = valid_from.strftime("%d/%m/%Y"), valid_to.strftime("%d/%m/%Y") if valid_to else ""
    match card_state(valid_from, valid_to, on=on):
        case "not_yet":
            return gettext("not valid before %(day)s", day=first), "danger"
        case "expired":
            return gettext("expired on %(day)s", day=last), "danger"
        case "ends_soon":
            return gettext("valid until %(day)s only", day=last), "warning"
        case _:
            return (gettext("valid until %(day)s", day=last) if last else gettext("valid")), "success"


def benefit_words(number: str, *, on: date) -> str:
    """What the number says of the share that is paid; only the card's own form says it."""
    try:
        percent = read_bhyt(number, on=on).benefit_percent
    except InvalidFields:
        percent = None
    if percent is None:
        return str(gettext("The number does not say: look it up at social insurance"))
    return str(gettext("%(percent)s %% of the costs, as the rules provide", percent=percent))


def _insurance(record: PatientRecord) -> dict[str, str] | None:
    """What the banner says of the health insurance, where there is any."""
    if "bhyt" not in record.identifiers or record.patient.status == "deceased":
        return None
    if record.card is None:
        return {"words": gettext("days of the card not written down"), "tone": "neutral"}
    words, tone = card_words(record.card.valid_from, record.card.valid_to, on=local_today())
    return {"words": words, "tone": tone}


def guardian_warning(record: PatientRecord) -> str:
    """That a child has nobody who speaks for them, where it is so; else empty."""
    if record.patient.status == "deceased":
        return ""
    guardians = [contact.is_guardian for contact in record.contacts]
    limit = lacks_guardian(born=record.patient.date_of_birth, guardians=guardians, today=local_today())
    return gettext("A child under %(age)s without a guardian written down", age=limit) if limit else ""


def spaced_phone(number: str | None) -> str | None:
    """`0912 345 678`, in the groups in which it is read out."""
    if number and len(number) == 10 and number.startswith("0"):
        return f"{number[:4]} {number[4:7]} {number[7:]}"
    return number


def _allergies(record: PatientRecord) -> list[str]:
    """`Penicillin (nặng: sốc phản vệ)`, the worst first; what is not known is not said."""
    said = []
    for known in record.allergies:
        severity = "" if known.severity == "unknown" else gettext(SEVERITY_NAMES[known.severity]).lower()
        more = ": ".join(part for part in (severity, known.reaction) if part)
        said.append(f"{known.substance} ({more})" if more else known.substance)
    return said


def summary_of(cccd: Cccd) -> str:
    """What a CCCD says of its holder: `Hà Nội · Nữ · 1990`."""
    place = cccd.place or gettext("Registered abroad")
    return " · ".join((place, gettext(GENDER_NAMES[cccd.gender]), str(cccd.birth_year)))


def role_title(name: str) -> str:
    """A role's name in the reader's language; a hospital's own role is called as it is written."""
    return gettext(ROLE_NAMES[name]) if name in ROLE_NAMES else name


def options(names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Choices for a form, in the reader's language."""
    return [(value, gettext(name)) for value, name in names.items()]
