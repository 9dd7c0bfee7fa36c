"""Patients who may be the person on the registration form, as the page compares them side by side."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from flask_babel import gettext

from kernel.clock import local_today
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidFields
from kernel.text import canonical, search_key
from kernel.web.actor import Actor
from tenant_app.pages.forms import parse_day
from tenant_app.pages.patient_form import cccd_of
from tenant_app.pages.shown import GENDER_NAMES, age, masked
from tenant_app.patients.public import LIKENESS, Alike, alike, parse_phone


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of the comparison, in words."""

    label: str
    typed: str
    here: str

    @property
    def same(self) -> bool:
        """Whether both sides say the same, diacritics and capitals aside."""
        return bool(self.typed) and search_key(self.typed) == search_key(self.here)


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """A patient beside the form."""

    id: UUID
    code: str
    who: str
    why: str
    lines: tuple[Line, ...]


def people_alike(*, uow: UnitOfWork, actor: Actor, shown: Mapping[str, str]) -> list[Compared]:
    """For what is on the form so far; nobody for whom may not see patients. The caller commits the audit row."""
    if not actor.may("patient.read"):
        return []
    try:
        born = parse_day(shown["date_of_birth"], field="date_of_birth")
    except InvalidFields:
        born = None
    try:
        phone = parse_phone(shown["phone"]) if shown["phone"] else None
    except InvalidFields:
        phone = None
    found = alike(uow=uow, actor=actor, full_name=canonical(shown["full_name"]), date_of_birth=born, phone=phone)
    return [_compared(each, shown=shown, phone=phone) for each in found]


def _compared(each: Alike, *, shown: Mapping[str, str], phone: str | None) -> Compared:
    there, cccd = each.patient, cccd_of(shown["cccd"])
    return Compared(
        id=there.id,
        code=there.patient_code,
        who=f"{there.full_name}, {age(there.date_of_birth, today=local_today())}",
        why=", ".join(gettext(LIKENESS[reason]) for reason in each.reasons),
        lines=(
            Line(label=gettext("Full name"), typed=canonical(shown["full_name"]), here=there.full_name),
            Line(
                label=gettext("Date of birth"),
                typed=shown["date_of_birth"],
                here=there.date_of_birth.strftime("%d/%m/%Y"),
            ),
            Line(label=gettext("Sex"), typed=_gender(shown["gender"]), here=_gender(there.gender)),
            Line(label=gettext("Phone"), typed=phone or shown["phone"], here=there.phone or ""),
            Line(
                label=gettext("CCCD"),
                typed=masked("cccd", cccd.value) if cccd else "",
                here=there.cccd_masked or "",
            ),
        ),
    )


def _gender(code: str) -> str:
    return gettext(GENDER_NAMES[code]) if code in GENDER_NAMES else ""
