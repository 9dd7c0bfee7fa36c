"""What becomes of each event: pure decisions on versions and persons."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

from central.sync.wire import Event, WireIdentifier

# A version rises by one with each change of one patient. What is further ahead than this is an error, or somebody who
# wants that no later change is ever taken.
MAX_JUMP: Final = 1_000_000

ERASED: Final = "patient.erased"
PATIENT_PREFIX: Final = "patient."
AUDIT_TYPE: Final = "audit.sealed"
COUNTS_TYPE: Final = "audit.unusual"
USAGE_TYPE: Final = "usage.counted"

REASON_JUMP: Final = "version_jump"
REASON_EPOCH: Final = "epoch_ahead"
REASON_SHAPE: Final = "wrong_shape"
REASON_KEY: Final = "unknown_key"
REASON_HEAD: Final = "head_conflict"
REASON_DAY: Final = "day_ahead"

# A number of a stronger kind decides who somebody is: a CCCD is unique in the country, an old card's not quite.
STRENGTH: Final = ("cccd", "bhyt", "passport", "cmnd")


class Version(NamedTuple):
    """(epoch, n): the higher is newer. Restoring a hospital from a backup raises its epoch."""

    epoch: int
    n: int


class DigestKey(NamedTuple):
    """What finds a person: kind of identifier, version of the blind index key, digest."""

    system: str
    key_version: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """`apply`, `stale` or `rejected` (with its reason)."""

    outcome: str
    reason: str | None = None


APPLY: Final = Verdict("apply")
STALE: Final = Verdict("stale")


_CONTENTS: Final = ("patient", "head", "counts", "usage")
# Type and content of each aggregate but patients.
_SHAPES: Final[Mapping[str, tuple[str, set[str]]]] = {
    "audit_seal": (AUDIT_TYPE, {"head"}),
    "access_counts": (COUNTS_TYPE, {"counts"}),
    "usage_day": (USAGE_TYPE, {"usage"}),
}


def shape_is_right(event: Event) -> bool:
    """Whether the event carries what its type says."""
    carried = {name for name in _CONTENTS if getattr(event, name) is not None}
    if event.aggregate_type == "patient":
        right = event.type.startswith(PATIENT_PREFIX)
        return right and carried == (set() if event.type == ERASED else {"patient"})
    return (event.type, carried) == _SHAPES[event.aggregate_type]


def judge_versions(
    events: Sequence[Event],
    *,
    current: Mapping[UUID, Version],
    tombstones: Iterable[UUID],
    epoch: int,
) -> list[Verdict]:
    """One verdict for each event of patients; of several about one patient only the newest is applied.

    `current` has the versions that stand in the index, `epoch` is the hospital's as the registry has it. An erasure is
    final: it needs no higher version, and what was erased stays out whatever its version.
    """
    gone = set(tombstones)
    verdicts = [_alone(event, current.get(event.aggregate_id), gone, epoch) for event in events]
    newest: dict[UUID, tuple[Version, int]] = {}
    for place, (event, verdict) in enumerate(zip(events, verdicts, strict=True)):
        if verdict is not APPLY:
            continue
        version = Version(event.epoch, event.n)
        best = newest.get(event.aggregate_id)
        # An erasure is the last word, even over a change with a higher number in the same batch.
        if best is None or _last_word(event, version) > _last_word(events[best[1]], best[0]):
            if best is not None:
                verdicts[best[1]] = STALE
            newest[event.aggregate_id] = (version, place)
        else:
            verdicts[place] = STALE
    return verdicts


def _last_word(event: Event, version: Version) -> tuple[bool, Version]:
    return event.type == ERASED, version


def _alone(event: Event, current: Version | None, gone: set[UUID], epoch: int) -> Verdict:
    if event.epoch > epoch:
        return Verdict("rejected", REASON_EPOCH)
    if event.aggregate_id in gone:
        return STALE
    if event.type == ERASED:
        return APPLY
    if current is not None and Version(event.epoch, event.n) <= current:
        return STALE
    before = current.n if current is not None and current.epoch == event.epoch else 0
    if event.n - before > MAX_JUMP:
        return Verdict("rejected", REASON_JUMP)
    return APPLY


class Keyed(NamedTuple):
    """An identifier with the key that finds its person."""

    key: DigestKey
    identifier: WireIdentifier


def keyed(identifiers: Sequence[WireIdentifier]) -> list[Keyed]:
    """Identifiers with their keys, the strongest kind first."""
    ordered = sorted(identifiers, key=_weakness) if len(identifiers) > 1 else identifiers
    return [Keyed(DigestKey(item.system, item.key_version, item.digest), item) for item in ordered]


@dataclass(frozen=True, slots=True)
class Person:
    """Who a patient is. `new`: not in `persons` yet. `attach`: identifiers that are to be this person's from now on."""

    id: UUID
    new: bool
    attach: Sequence[WireIdentifier]


class PersonFinder:
    """Decides, patient by patient of one batch, who each is; remembers what it decided for the next.

    `found` are the persons of known digests; `held` says which digests each of those persons has, so that a number of a
    weak kind never joins two people whose strong numbers differ. Both are changed.
    """

    def __init__(
        self,
        *,
        found: dict[DigestKey, UUID],
        held: dict[UUID, set[DigestKey]],
        taken: Iterable[UUID],
        fresh_id: Callable[[], UUID],
    ) -> None:
        self._found = found
        self._held = held
        self._taken = set(taken)
        self._fresh_id = fresh_id
        self._made: set[UUID] = set()

    def decide(self, *, proposed: UUID, present: UUID | None, identifiers: Sequence[Keyed]) -> Person:
        """`proposed` is the id that the hospital minted, `present` whom the index holds the patient for so far.

        `identifiers` come from `keyed`.
        """
        person = self._by_number(identifiers)
        if person is None and present is not None and self._may_be(present, identifiers):
            person = present
        if person is None:
            # A hospital names a new person, and never one that exists: that would be a way into somebody's records.
            person = self._fresh_id() if proposed in self._taken else proposed
            self._taken.add(person)
            self._made.add(person)
        attach = [item for item in identifiers if item.key not in self._found]
        for item in attach:
            self._found[item.key] = person
            self._held.setdefault(person, set()).add(item.key)
        return Person(person, person in self._made, [item.identifier for item in attach])

    def _by_number(self, identifiers: Sequence[Keyed]) -> UUID | None:
        for item in identifiers:
            person = self._found.get(item.key)
            if person is not None and self._may_be(person, identifiers, than=item.key.system):
                return person
        return None

    def _may_be(self, person: UUID, identifiers: Sequence[Keyed], *, than: str | None = None) -> bool:
        """Whether nothing stronger speaks against it: another number of one kind, under the same key version."""
        stronger = STRENGTH if than is None else STRENGTH[: STRENGTH.index(than)]
        if not stronger:
            return True
        held = self._held.get(person, set())
        for key, _ in identifiers:
            if key.system not in stronger:
                continue
            same_kind = {other for other in held if other[:2] == key[:2]}
            if same_kind and key not in same_kind:
                return False
        return True


def _weakness(item: WireIdentifier) -> int:
    return STRENGTH.index(item.system)
