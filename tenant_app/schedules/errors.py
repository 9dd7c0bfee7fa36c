"""Why something of a schedule could not be made or changed."""

from kernel.errors import Conflict
from kernel.text import N_


class ScheduleOverlaps(Conflict):
    """The doctor has other hours in that time; `data` may name the weekday."""

    code = "schedule_overlaps"
    title = N_("The doctor has other hours at that time")
    advice = N_("Change or end those first; nobody is in two places at once.")
