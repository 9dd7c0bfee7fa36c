"""Topics: what a browser may follow, what it must be permitted for that, and which of them a change concerns. Pure."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final
from uuid import UUID

from tenant_app.live.bus import Change
from tenant_app.reach.public import Reach

# A page shows a month at most, and a line or two besides.
MOST_TOPICS: Final = 48

_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# The shape of a topic → what one must be permitted who follows it, as the pages do that show the same.
_PERMISSIONS: Final[Mapping[re.Pattern[str], str]] = {
    re.compile(r"queue"): "queue.read",
    re.compile(rf"queue:{_UUID}"): "queue.read",
    re.compile(r"day:\d{4}-\d{2}-\d{2}"): "appointment.read",
}
# Whoever is signed in follows what tells everybody to look at their notices, and their own.
_NOTICES: Final = re.compile(rf"notices(:{_UUID})?")

ALL_QUEUES: Final = "queue"
_ONE_LINE: Final = "queue:"
ALL_NOTICES: Final = "notices"


def queue_topic(department_id: UUID) -> str:
    """A department's line."""
    return f"{_ONE_LINE}{department_id}"


def day_topic(day: date) -> str:
    """The appointments of a day."""
    return f"day:{day.isoformat()}"


def notices_topic(user_id: UUID) -> str:
    """The notices of a member of staff."""
    return f"{ALL_NOTICES}:{user_id}"


def permission_for(topic: str) -> str | None:
    """What following a topic needs; None for what is no topic, and for notices, which depend on whose they are."""
    for shape, permission in _PERMISSIONS.items():
        if shape.fullmatch(topic):
            return permission
    return None


def permitted(
    topics: Iterable[str], *, permissions: frozenset[str], user_id: UUID, reach: Reach | None
) -> frozenset[str]:
    """Those that a member of staff with these permissions may follow; of departments' lines, those within reach."""
    own = {ALL_NOTICES, notices_topic(user_id)}
    return frozenset(
        topic for topic in topics if topic in own or (permission_for(topic) in permissions and _within(topic, reach))
    )


def rooms_of(topic: str, reach: Reach | None) -> frozenset[str]:
    """Where somebody who follows a topic hears of it: with all others, or apart by whose things they see."""
    if reach is None or topic.startswith((_ONE_LINE, ALL_NOTICES)):
        return frozenset({topic})
    return frozenset(_apart(topic, str(each)) for each in (*reach.departments, reach.user_id))


def rooms_told(change: Change) -> frozenset[tuple[str, str]]:
    """(topic, room) wherever a change is to be told."""
    topics = topics_of(change)
    return frozenset((topic, topic) for topic in topics) | frozenset(
        (topic, _apart(topic, each)) for topic in topics for each in change.whose
    )


def heard(changes: Iterable[Change], topics: Iterable[str], reach: Reach | None) -> frozenset[str]:
    """Those of `topics` of which somebody would have heard, had they been there when these changes were told."""
    told = frozenset(room for change in changes for _, room in rooms_told(change))
    return frozenset(topic for topic in topics if rooms_of(topic, reach) & told)


def topics_of(change: Change) -> frozenset[str]:
    """Whom a change concerns; what is no topic concerns nobody."""
    topics = {topic for topic in change.places if permission_for(topic) is not None or _NOTICES.fullmatch(topic)}
    if change.kind == "queue":
        topics.add(ALL_QUEUES)
    return frozenset(topics)


def queue_changed(*, entry_id: UUID, department_id: UUID, version: int) -> Change:
    """A number in a department's line was given, or had a step."""
    places, whose = (queue_topic(department_id),), (str(department_id),)
    return Change(kind="queue", places=places, whose=whose, id=entry_id, version=version)


def appointment_changed(*, appointment_id: UUID, days: Iterable[date], whose: Iterable[UUID], version: int) -> Change:
    """An appointment was booked or changed; `days` are those on which it stands, and stood, `whose` the departments and
    doctors with whom.
    """
    places = tuple(sorted({day_topic(day) for day in days}))
    owners = tuple(sorted({str(each) for each in whose}))
    return Change(kind="appointment", places=places, whose=owners, id=appointment_id, version=version)


def notices_changed(users: Iterable[UUID] | None = None) -> Change:
    """There may be more or fewer notices: of these, or, without any named, of whoever is permitted to be told."""
    places = (ALL_NOTICES,) if users is None else tuple(sorted({notices_topic(user_id) for user_id in users}))
    return Change(kind="notice", places=places)


def _within(topic: str, reach: Reach | None) -> bool:
    of_one_line = topic.startswith(_ONE_LINE)
    return reach is None or not of_one_line or UUID(topic.removeprefix(_ONE_LINE)) in reach.departments


def _apart(topic: str, whose: str) -> str:
    return f"{topic}@{whose}"
