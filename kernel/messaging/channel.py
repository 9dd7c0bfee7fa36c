"""What every way of sending has in common, and what may become of a message.

A message is handed over once: `note` is called at the last moment at which nothing has been handed over yet, so that
whoever sends can write down that it is about to be. Everything before it may be repeated; what follows it may not,
where nobody can tell whether the server took the message.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar
from uuid import UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """An e-mail as text and as HTML; `reference` makes its Message-ID, `unsubscribe` is an address of a page."""

    reference: UUID
    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    sender_name: str
    reply_to: str | None = None
    unsubscribe: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sms:
    """A short message; `to` is international (`+84…`), `reference` is what the gateway may be asked for later."""

    reference: UUID
    to: str = field(repr=False)
    text: str = field(repr=False)


class NotTaken(Exception):
    """The message was not taken, or nobody knows. `reason` is a code: a server's own words may hold an address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason[:40]


class Refused(NotTaken):
    """For good: trying again would not help."""


class NotNow(NotTaken):
    """This message was not taken; later it may be."""


class ChannelAway(NotTaken):
    """The server cannot be used now, whatever the message is."""


class Unknown(NotTaken):
    """It was handed over, and no answer came."""


class Stopped(NotTaken):
    """`note` said no; nothing was handed over."""


M_contra = TypeVar("M_contra", bound=Mail | Sms, contravariant=True)

# Whether the message may go; called once, before anything is handed over.
Note = Callable[[], bool]


class Session(Protocol[M_contra]):
    """A connection on which several messages are handed over, one after another."""

    def hand_over(self, message: M_contra, *, note: Note) -> None:
        """Returns when the server has taken the message. Raises a NotTaken."""
        ...

    def close(self) -> None:
        """End it; never raises."""
        ...


class Channel(Protocol[M_contra]):
    """A way of sending. Safe to share between threads; its sessions are not."""

    def open(self) -> Session[M_contra]:
        """A session. Raises ChannelAway."""
        ...

    def taken(self, reference: UUID) -> bool | None:
        """Whether a message that may have been handed over was; None where nobody can tell. Raises ChannelAway."""
        ...
