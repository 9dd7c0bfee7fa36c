"""What other folders, and the live process, may use of live updates."""

from tenant_app.live.bus import FIELD, Change, LiveBus, add, announce, read, stream_of
from tenant_app.live.presence import SEEN_EVERY, ConnectedPerson, Connection, connected_people, write_down
from tenant_app.live.service import sign_out
from tenant_app.live.topics import (
    ALL_NOTICES,
    ALL_QUEUES,
    MOST_TOPICS,
    appointment_changed,
    day_topic,
    heard,
    notices_changed,
    notices_topic,
    permission_for,
    permitted,
    queue_changed,
    queue_topic,
    rooms_of,
    rooms_told,
    topics_of,
)

__all__ = [
    "ALL_NOTICES",
    "ALL_QUEUES",
    "FIELD",
    "MOST_TOPICS",
    "SEEN_EVERY",
    "Change",
    "ConnectedPerson",
    "Connection",
    "LiveBus",
    "add",
    "announce",
    "appointment_changed",
    "connected_people",
    "day_topic",
    "heard",
    "notices_changed",
    "notices_topic",
    "permission_for",
    "permitted",
    "queue_changed",
    "queue_topic",
    "read",
    "rooms_of",
    "rooms_told",
    "sign_out",
    "stream_of",
    "topics_of",
    "write_down",
]
