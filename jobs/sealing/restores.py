"""Which noted heads a restored hospital can no longer show, and which it must: pure, from what central has on record.

Restoring a hospital takes seals away that were told to central and noted in the file, and new ones come to stand at
their numbers. What tells that from tampering is on record in central's own sealed log, where the hospital's database
has no say: that its epoch was raised, when, and how long its chain was at that moment.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from jobs.sealing.heads import NotedHead


@dataclass(frozen=True, kw_only=True, slots=True)
class Restore:
    """Central has on record: at `at` the hospital began `epoch`, and its last seal was `sequence` (0: it had none)."""

    epoch: int
    at: datetime
    sequence: int
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Undone:
    """A restore, and how many seals that were told before it are not in the database any more."""

    restore: Restore
    seals: int


def sort_out(heads: Iterable[NotedHead], restores: Sequence[Restore]) -> tuple[list[NotedHead], list[Undone]]:
    """The heads of one chain that must hold in the database as it is, and what each restore took away.

    A head must hold unless a restore after it left a shorter chain. Each restore adds one: what it found must still be
    there, too.
    """
    in_order = sorted(restores, key=lambda each: each.epoch)
    found = [NotedHead("", each.sequence, each.digest, each.epoch, each.at) for each in in_order if each.sequence]
    hold: list[NotedHead] = []
    gone = dict.fromkeys((each.epoch for each in in_order), 0)
    for head in (*heads, *found):
        epoch = _epoch(head, in_order)
        cut = next((each for each in in_order if each.epoch > epoch and each.sequence < head.sequence), None)
        if cut is None:
            hold.append(head)
        else:
            gone[cut.epoch] = max(gone[cut.epoch], head.sequence - cut.sequence)
    return hold, [Undone(restore=each, seals=gone[each.epoch]) for each in in_order]


def _epoch(head: NotedHead, restores: Sequence[Restore]) -> int:
    """The epoch in which a head was noted.

    The head's own number was read in the hospital's database, whose owner can write there what they like. So it counts
    for no more than the highest on record, and for no less than what was on record when the head was noted.
    """
    highest = max((each.epoch for each in restores), default=1)
    at_least = max((each.epoch for each in restores if head.noted_at and head.noted_at > each.at), default=1)
    return max(at_least, min(head.epoch, highest))
