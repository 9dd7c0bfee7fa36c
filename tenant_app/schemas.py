"""What bodies and answers of the API have in common."""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from kernel.clock import FIRST_DAY, LAST_DAY
from kernel.web.api import MAX_PAGE

MAX_TEXT = 2000
# For days that are reckoned with.
POSSIBLE_DAY = ma.validate.Range(min=FIRST_DAY, max=LAST_DAY)


class Body(ma.Schema):
    """A JSON body: what it does not name is refused, so that nobody sets what is not theirs to set."""

    class Meta:
        unknown = ma.RAISE


class Listed(ma.Schema):
    """`?limit=&cursor=`; other arguments are refused, because a misspelt filter would show everything."""

    class Meta:
        unknown = ma.RAISE

    limit = ma.fields.Integer(load_default=25, validate=ma.validate.Range(min=1, max=MAX_PAGE))
    cursor = ma.fields.String(load_default=None, allow_none=True)


def page_answer(name: str, item: type[ma.Schema]) -> type[ma.Schema]:
    """The schema of a list's answer."""
    members: Mapping[str, Any] = {
        "items": ma.fields.List(ma.fields.Nested(item), required=True),
        "next_cursor": ma.fields.String(required=True, allow_none=True),
    }
    return ma.Schema.from_dict(dict(members), name=name)
