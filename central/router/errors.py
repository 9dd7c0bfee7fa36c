"""Why a hospital cannot be reached. Outside, nothing is told of hosts or names."""

from kernel.errors import NotFound, SokhamError, Unavailable
from kernel.text import N_


class HospitalUnknown(NotFound):
    """No hospital has this id, code or domain."""


class HospitalSuspended(SokhamError):
    """The hospital is registered and not active."""

    code = "hospital_suspended"
    status = 403
    title = N_("This hospital is suspended")
    advice = N_("Its data is safe. Ask the platform's administrators.")


class HospitalUnavailable(Unavailable):
    """The hospital's database does not answer; others are not touched by it."""

    code = "hospital_unavailable"
    title = N_("This hospital cannot be reached for a moment")
    advice = N_("Nothing was lost. Try again shortly.")


class HospitalBusy(Unavailable):
    """All connections that may be used for this hospital are at work."""

    code = "hospital_busy"
    title = N_("There is much to do just now")
    advice = N_("Nothing was lost. Try again shortly.")


class HospitalMismatch(Unavailable):
    """What was found at the hospital's address is not the hospital: refused before anything was read."""

    code = "hospital_unavailable"
    title = N_("This hospital cannot be reached for a moment")
    advice = N_("The platform's administrators have been told.")


class RoutesUnavailable(Unavailable):
    """Central does not answer, and nothing is known here of this hospital."""

    code = "routes_unavailable"
