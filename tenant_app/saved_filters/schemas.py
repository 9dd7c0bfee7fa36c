"""Bodies and answers about saved filters."""

import marshmallow as ma

from tenant_app.saved_filters.lists import LISTS
from tenant_app.saved_filters.rules import LONGEST_NAME
from tenant_app.schemas import Body, Listed, page_answer

_KNOWN_LIST = ma.validate.OneOf(tuple(LISTS))


class FiltersAsked(Listed):
    """`?list=` for those of one list."""

    list_name = ma.fields.String(data_key="list", load_default=None, validate=_KNOWN_LIST)


class NewFilterBody(Body):
    """A filter to keep. `parameters`: what the list's address says, with `days` for the last days of the access log."""

    list_name = ma.fields.String(data_key="list", required=True, validate=_KNOWN_LIST)
    name = ma.fields.String(required=True, validate=ma.validate.Length(1, LONGEST_NAME))
    parameters = ma.fields.Dict(
        keys=ma.fields.String(validate=ma.validate.Length(max=40)),
        values=ma.fields.String(validate=ma.validate.Length(max=100)),
        required=True,
        validate=ma.validate.Length(max=20),
    )
    is_default = ma.fields.Boolean(load_default=False)


class FilterChangeBody(Body):
    """What is to change about a filter; what is not named stays."""

    name = ma.fields.String(validate=ma.validate.Length(1, LONGEST_NAME))
    parameters = ma.fields.Dict(
        keys=ma.fields.String(validate=ma.validate.Length(max=40)),
        values=ma.fields.String(validate=ma.validate.Length(max=100)),
        validate=ma.validate.Length(max=20),
    )
    is_default = ma.fields.Boolean()


class FilterAnswer(ma.Schema):
    """A saved filter; the list opens with its member's `is_default`."""

    id = ma.fields.UUID()
    list_name = ma.fields.String(data_key="list")
    name = ma.fields.String()
    parameters = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String())
    is_default = ma.fields.Boolean()
    created_at = ma.fields.AwareDateTime()
    updated_at = ma.fields.AwareDateTime()


FiltersAnswer = page_answer("SavedFilters", FilterAnswer)
