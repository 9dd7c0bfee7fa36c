"""Why an appointment could not be made or changed."""

from kernel.errors import Conflict
from kernel.text import N_


class SlotTaken(Conflict):
    """The doctor has another appointment in that time."""

    code = "slot_taken"
    title = N_("The doctor is taken at that time")
    advice = N_("Choose another time or another doctor.")


class OutsideSchedule(Conflict):
    """The doctor does not work at that time; staff may book it all the same and say why."""

    code = "outside_schedule"
    title = N_("The doctor does not work at that time")
    advice = N_("Choose another time, or say why it is booked all the same.")


class TransitionNotAllowed(Conflict):
    """The appointment's status does not allow it; `data` says the status and what is possible."""

    code = "transition_not_allowed"
    title = N_("That cannot be done with this appointment now")
    advice = N_("Look at its status: somebody may have changed it.")
