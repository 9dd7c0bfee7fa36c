"""Cursors of the console's lists, which show the newest first."""

from datetime import datetime
from uuid import UUID

from kernel.errors import InvalidFields, InvalidIdentifier
from kernel.ids import parse_uuid
from kernel.web.api import BAD_CURSOR, read_cursor


def read_moment_cursor(cursor: str | None) -> tuple[datetime, UUID] | None:
    """The (moment, id) of the last row seen, for lists with the newest first; raises InvalidFields."""
    key = read_cursor(cursor, parts=2)
    if key is None:
        return None
    try:
        moment = datetime.fromisoformat(key[0])
        row = parse_uuid(key[1], what="cursor")
    except (ValueError, InvalidIdentifier) as err:
        raise InvalidFields(errors={"cursor": [BAD_CURSOR]}) from err
    if moment.tzinfo is None:
        raise InvalidFields(errors={"cursor": [BAD_CURSOR]})
    return moment, row
