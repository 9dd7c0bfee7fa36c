"""Why a filter could not be kept."""

from kernel.errors import Conflict
from kernel.text import N_


class FilterNameTaken(Conflict):
    """The member has a filter of this name for this list; `data` says which."""

    code = "filter_name_taken"
    title = N_("You have a filter of this name already")
    advice = N_("Choose another name, or replace what it holds.")


class TooManyFilters(Conflict):
    """More could not be overlooked above a list."""

    code = "too_many_filters"
    title = N_("You have as many filters of this list as there can be")
    advice = N_("Delete one that you do not need any more.")
