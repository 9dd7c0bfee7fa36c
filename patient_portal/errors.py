"""What can stand in a patient's way."""

from collections.abc import Mapping
from typing import Final

from kernel.errors import Conflict, Unauthenticated
from kernel.text import N_

_AWAY_RETRY_SECONDS: Final = 60


class PatientSignInFailed(Unauthenticated):
    """Unknown CCCD, wrong password, locked, no account, a hospital without an answer: one answer, after the same work.

    `away` are hospitals that answer nobody just now, code and name, whoever it is that signs in.
    """

    code = "sign_in_failed"
    title = N_("That did not match")
    advice = N_("Check the citizen ID number and the password, and try again. After several tries, wait 15 minutes.")

    def __init__(self, *, away: Mapping[str, str]) -> None:
        super().__init__(data={"unavailable": list(away)}, retry_after=_AWAY_RETRY_SECONDS if away else None)
        self.away = list(away.values())


class AlreadyLinked(Conflict):
    """The code is of the hospital whose account is signed in."""

    code = "already_linked"
    title = N_("You are already signed in with this hospital")
    advice = N_("To link another hospital, use the code that the other hospital gave you.")


class NoNumberHere(Conflict):
    """The hospital of the session does not know the CCCD: nothing proves that two records are of one person."""

    code = "cccd_missing"
    title = N_("Your hospital does not have your citizen ID number")
    advice = N_("Ask at its reception to add it to your record, then try again.")


class TooManyUpcoming(Conflict):
    """The patient holds as many times at this hospital as one may."""

    code = "too_many_appointments"
    title = N_("You already have several appointments here")
    advice = N_("Cancel one that you do not need, or call the hospital.")


class OwnAppointmentOverlaps(Conflict):
    """The patient would be in two places at once."""

    code = "own_appointment_overlaps"
    title = N_("You already have an appointment at that time")
    advice = N_("Choose another time, or cancel the other appointment first.")


class AlreadyBegun(Conflict):
    """The time of the appointment has come."""

    code = "appointment_begun"
    title = N_("This appointment can no longer be cancelled here")
    advice = N_("Its time has come. Please call the hospital.")
