"""The walk through the patient portal's pages."""

from dataclasses import dataclass
from typing import Final

# Where a GET answers with something that is no page.
NO_PAGES: Final = {"my_notices.bell", "second_factor.picture", "visits.for_phone"}
SIGNED_OUT: Final = {"sign-in": "/sign-in", "activate": "/activate"}


@dataclass(frozen=True, kw_only=True)
class PatientThings:
    """What the pages of a patient of two hospitals are about; `book` is the address of the first hospital's booking."""

    visit: str
    book: str
    department: str
    doctor: str
    day: str
    time: str


def patient_pages(things: PatientThings) -> dict[str, str]:
    """Name → address; `visit` is the address of an appointment that can still be cancelled."""
    choosing = f"{things.book}?department={things.department}"
    return {
        "home": "/",
        "appointments": "/appointments",
        "appointment": things.visit,
        "cancel": f"{things.visit}/cancel",
        "book-hospital": "/book",
        "book-department": things.book,
        "book-doctor": choosing,
        "book-day": f"{choosing}&doctor={things.doctor}",
        "book-time": f"{choosing}&doctor={things.doctor}&day={things.day}",
        "book-check": f"{choosing}&doctor={things.doctor}&day={things.day}&time={things.time}",
        "queue": "/queue",
        "notices": "/notices",
        "my-data": "/my-data",
        "reminders": "/reminders",
        "hospitals": "/hospitals",
        "second-factor": "/account/second-factor",
    }
