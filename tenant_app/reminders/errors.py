"""Why a reminder could not be sent or stopped."""

from kernel.errors import Conflict
from kernel.text import N_


class ReminderNotPossible(Conflict):
    """It would not be sent; `data["reason"]` says why, as a reminder's own reason does."""

    code = "reminder_not_possible"
    title = N_("No reminder can be sent for this")
    advice = N_(
        "Look at the appointment's status and time, the patient's wishes and contact details, and the settings."
    )


class ReminderGone(Conflict):
    """It waits no longer: it was sent, tried or stopped meanwhile."""

    code = "reminder_gone"
    title = N_("This reminder waits no longer")
    advice = N_("Load the page again to see what became of it.")
