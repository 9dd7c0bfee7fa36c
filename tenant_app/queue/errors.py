"""Why somebody could not get a number, or a step in the queue could not be taken."""

from kernel.errors import Conflict
from kernel.text import N_


class AlreadyWaiting(Conflict):
    """The patient has a number in this department that is still open; `data` says which."""

    code = "already_waiting"
    title = N_("This patient already has a number there")
    advice = N_("Use the number that was given, or say that the patient has left.")


class NobodyWaiting(Conflict):
    """The line is empty, or whoever waits is being called by somebody else."""

    code = "nobody_waiting"
    title = N_("Nobody is waiting")
    advice = N_("Look at the line again in a moment.")


class StepNotAllowed(Conflict):
    """The entry's status does not allow it; `data` says the status and what is possible."""

    code = "queue_step_not_allowed"
    title = N_("That cannot be done with this number now")
    advice = N_("Look at the line: somebody may have been quicker.")


class UndoNotPossible(Conflict):
    """There is nothing to undo, it is too long ago, or an appointment has followed."""

    code = "undo_not_possible"
    title = N_("This can no longer be undone")
    advice = N_("A step can be undone for one minute, unless an appointment was begun or completed with it.")
