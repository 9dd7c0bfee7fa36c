"""What a reminder says. As little as helps: where, when, whom to call; never who is ill, or of what."""

import gettext as catalogues
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from jinja2 import Environment, FileSystemLoader

from kernel.clock import LOCAL_ZONE
from kernel.messaging.channel import Mail, Sms
from kernel.messaging.sms import international, parts, unaccented
from kernel.text import N_

_HERE: Final = Path(__file__).parents[1]

SUBJECT: Final = N_("Appointment at %(time)s on %(date)s, %(hospital)s")
TEST_SUBJECT: Final = N_("Test message of %(hospital)s")
HEADING: Final = N_("Your appointment")
GREETING: Final = N_("Dear patient, this is a reminder of your appointment:")
TEST_GREETING: Final = N_("This is a test message. A reminder to a patient looks like this:")
BRING: Final = N_("Please bring your citizen ID card and your health insurance card, and come 15 minutes early.")
CANNOT_COME: Final = N_("If you cannot come, please tell the hospital so that somebody else can have the time.")
UNSUBSCRIBE: Final = N_("You can switch reminders off in the patient portal:")
TERMS: Final = {
    "hospital": N_("Hospital"),
    "time": N_("Time"),
    "department": N_("Department"),
    "address": N_("Address"),
    "phone": N_("Phone"),
}
# The longest first; the first that fits into one SMS is taken.
SHORT: Final = (
    N_("%(hospital)s: appointment at %(time)s on %(date)s, %(department)s. If you cannot come, call %(phone)s"),
    N_("%(hospital)s: appointment at %(time)s on %(date)s, %(department)s. Tel. %(phone)s"),
    N_("%(hospital)s: appointment at %(time)s on %(date)s. Tel. %(phone)s"),
)
SHORT_WITHOUT_PHONE: Final = (
    N_("%(hospital)s: appointment at %(time)s on %(date)s, %(department)s"),
    N_("%(hospital)s: appointment at %(time)s on %(date)s"),
)
SAMPLE_DEPARTMENT: Final = N_("General outpatient department")

Translate = Callable[[str], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What there is to say. `to` is where it goes; a test has no department."""

    reference: UUID
    to: str = field(repr=False)
    starts_at: datetime
    language: str
    hospital: str
    hospital_address: str | None
    hospital_phone: str | None
    hospital_email: str | None
    department: str | None
    sms_unaccented: bool = True

    def words(self, translate: Translate) -> dict[str, str]:
        """The values of the sentences' places."""
        local = self.starts_at.astimezone(LOCAL_ZONE)
        return {
            "hospital": self.hospital,
            "time": local.strftime("%H:%M"),
            "date": local.strftime("%d/%m/%Y"),
            "department": self.department or translate(SAMPLE_DEPARTMENT),
            "phone": self.hospital_phone or "",
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """An e-mail in one language."""

    language: str
    heading: str
    greeting: str
    facts: tuple[tuple[str, str], ...]
    closing: tuple[str, ...]

    def text(self) -> str:
        """The same without marks."""
        return "\n".join((self.greeting, "", *(f"{term}: {value}" for term, value in self.facts), "", *self.closing))


@dataclass(frozen=True, slots=True)
class Sample:
    """A text, and how many SMS it makes."""

    text: str
    parts: int


class Composer:
    """Writes messages; works without a request, with the catalogues of the pages."""

    def __init__(self, *, preferences_url: str = "") -> None:
        """`preferences_url`: where patients switch reminders off; empty where there is no such page."""
        self._link = preferences_url
        folder = str(_HERE / "translations")
        vietnamese = catalogues.translation("messages", folder, ["vi"], fallback=True)
        self._translate: Mapping[str, Translate] = {"vi": vietnamese.gettext, "en": str}
        self._template = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True).get_template(
            "reminders/mail.html"
        )

    def mail(self, facts: Facts) -> Mail:
        """Vietnamese, and English below it for whoever wants that."""
        first = self._translate["vi"]
        words = facts.words(first)
        subject = first(SUBJECT if facts.department else TEST_SUBJECT) % words
        languages = ("vi", "en") if facts.language == "en" else ("vi",)
        written = [self._part(facts, language) for language in languages]
        link = [self._link] if self._link else []
        return Mail(
            reference=facts.reference,
            to=facts.to,
            subject=subject,
            text="\n\n---\n\n".join(part.text() for part in written) + "\n" + "".join(f"{each}\n" for each in link),
            html=self._template.render(subject=subject, parts=written, link=self._link),
            sender_name=facts.hospital,
            reply_to=facts.hospital_email,
            unsubscribe=self._link or None,
        )

    def sms(self, facts: Facts) -> Sms:
        """One message where that can be; without accents where the hospital wants it so."""
        return Sms(reference=facts.reference, to=international(facts.to), text=self.sms_text(facts))

    def sms_sample(self, facts: Facts) -> Sample:
        """An SMS as patients would get it, and as how many it is paid for."""
        text = self.sms_text(facts)
        return Sample(text, parts(text))

    def sms_text(self, facts: Facts) -> str:
        """What the SMS says."""
        translate = self._translate["en" if facts.language == "en" else "vi"]
        words = facts.words(translate)
        said = [translate(each) % words for each in (SHORT if facts.hospital_phone else SHORT_WITHOUT_PHONE)]
        if facts.sms_unaccented:
            said = [unaccented(each) for each in said]
        return next((each for each in said if parts(each) == 1), said[-1])

    def _part(self, facts: Facts, language: str) -> Part:
        translate = self._translate[language]
        words = facts.words(translate)
        values = {
            "hospital": facts.hospital,
            "time": f"{words['time']}, {words['date']}",
            "department": words["department"],
            "address": facts.hospital_address,
            "phone": facts.hospital_phone,
        }
        return Part(
            language=language,
            heading=translate(HEADING),
            greeting=translate(GREETING if facts.department else TEST_GREETING),
            facts=tuple((translate(TERMS[name]), value) for name, value in values.items() if value),
            closing=(
                translate(BRING),
                translate(CANNOT_COME),
                *((translate(UNSUBSCRIBE),) if self._link else ()),
            ),
        )
