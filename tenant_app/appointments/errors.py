"""Why an appointment could not be made or changed."""

from kernel.errors import Conflict
from kernel.text import N_


class SlotTaken(Conflict):
    """The doctor has another appointment in that time."""

    code = "slot_taken"
    title = N_("The doctor is taken at that time")
    advice = N_("Choose another time or another doctor.")


class TransitionNotAllowed(Conflict):
    """The appointment's status does not allow it; `data` says the status and what is possible."""

    code = "transition_not_allowed"
    title = N_("That cannot be done with this appointment now")
    advice = N_("Look at its status: somebody may have changed it.")
