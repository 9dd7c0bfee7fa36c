"""What other folders may use of saved filters."""

from tenant_app.saved_filters.errors import FilterNameTaken, TooManyFilters
from tenant_app.saved_filters.lists import LISTS
from tenant_app.saved_filters.queries import FilterRow, filters_of, list_filters, names_of, own_filter
from tenant_app.saved_filters.rules import LONGEST_NAME, MOST_FILTERS, checked_parameters, references, still_holding
from tenant_app.saved_filters.service import change_filter, delete_filter, replace_filter, save_filter

__all__ = [
    "LISTS",
    "LONGEST_NAME",
    "MOST_FILTERS",
    "FilterNameTaken",
    "FilterRow",
    "TooManyFilters",
    "change_filter",
    "checked_parameters",
    "delete_filter",
    "filters_of",
    "list_filters",
    "names_of",
    "own_filter",
    "references",
    "replace_filter",
    "save_filter",
    "still_holding",
]
