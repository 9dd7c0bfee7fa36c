"""Why something of the calendar could not be made."""

from kernel.errors import Conflict
from kernel.text import N_


class HolidayExists(Conflict):
    """This holiday is there already."""

    code = "holiday_exists"
    title = N_("This holiday is in the calendar already")
    advice = N_("Take the earlier one out first, if it should be otherwise.")
