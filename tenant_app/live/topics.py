"""Topics: what a browser may follow, what it must be permitted for that, and which of them a change concerns. Pure."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final
from uuid import UUID

from tenant_app.live.bus import Change

# A page shows a month at most, and a line or two besides.
MOST_TOPICS: Final = 48

_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# The shape of a topic → what one must be permitted who follows it, as the pages do that show the same.
_PERMISSIONS: Final[Mapping[re.Pattern[str], str]] = {
    re.compile(r"queue"): "queue.read",
    re.compile(rf"queue:{_UUID}"): "queue.read",
    re.compile(r"day:\d{4}-\d{2}-\d{2}"): "appointment.read",
}

ALL_QUEUES: Final = "queue"


def queue_topic(department_id: UUID) -> str:
    """A department's line."""
    return f"queue:{department_id}"


def day_topic(day: date) -> str:
    """The appointments of a day."""
    return f"day:{day.isoformat()}"


def permission_for(topic: str) -> str | None:
    """What following a topic needs; None for what is no topic."""
    for shape, permission in _PERMISSIONS.items():
        if shape.fullmatch(topic):
            return permission
    return None


def permitted(topics: Iterable[str], permissions: frozenset[str]) -> frozenset[str]:
    """Those that somebody with these permissions may follow."""
    return frozenset(topic for topic in topics if permission_for(topic) in permissions)


def topics_of(change: Change) -> frozenset[str]:
    """Whom a change concerns; what is no topic concerns nobody."""
    topics = {topic for topic in change.places if permission_for(topic) is not None}
    if change.kind == "queue":
        topics.add(ALL_QUEUES)
    return frozenset(topics)


def queue_changed(*, entry_id: UUID, department_id: UUID, version: int) -> Change:
    """A number in a department's line was given, or had a step."""
    return Change(kind="queue", places=(queue_topic(department_id),), id=entry_id, version=version)


def appointment_changed(*, appointment_id: UUID, days: Iterable[date], version: int) -> Change:
    """An appointment was booked or changed; `days` are those on which it stands, and stood."""
    places = tuple(sorted({day_topic(day) for day in days}))
    return Change(kind="appointment", places=places, id=appointment_id, version=version)
