"""Which event is applied, and who a patient is."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from central.sync import rules
from central.sync.rules import DigestKey, PersonFinder, Version, keyed
from central.sync.wire import Event, PatientState, WireIdentifier

PATIENT = uuid4()
System = Literal["cccd", "cmnd", "bhyt", "passport"]


def number(system: System, value: int, *, version: int = 1) -> WireIdentifier:
    """An identifier whose digest is its value."""
    return WireIdentifier(system, version, value.to_bytes(32, "big"), "sealed")


def event(n: int, *, epoch: int = 1, patient: UUID = PATIENT, erased: bool = False) -> Event:
    """A change or an erasure."""
    if erased:
        return Event(uuid4(), rules.ERASED, "patient", patient, epoch, n)
    state = PatientState(uuid4(), "active", "s1.x.y", [])
    return Event(uuid4(), "patient.changed", "patient", patient, epoch, n, state)


def outcomes(
    events: Sequence[Event], current: Version | None = None, *, epoch: int = 1, gone: bool = False
) -> list[str]:
    judged = rules.judge_versions(
        events,
        current={PATIENT: current} if current else {},
        tombstones=[PATIENT] if gone else [],
        epoch=epoch,
    )
    return [verdict.outcome if verdict.reason is None else verdict.reason for verdict in judged]


def test_only_what_is_newer_is_applied() -> None:
    assert outcomes([event(3)], Version(1, 2)) == ["apply"]
    assert outcomes([event(2)], Version(1, 2)) == ["stale"]
    assert outcomes([event(1)], Version(1, 2)) == ["stale"]


def test_a_restored_hospital_begins_again_in_a_higher_epoch() -> None:
    assert outcomes([event(1, epoch=2)], Version(1, 500), epoch=2) == ["apply"]
    assert outcomes([event(900, epoch=1)], Version(2, 1), epoch=2) == ["stale"]
    assert outcomes([event(1, epoch=2)], epoch=1) == [rules.REASON_EPOCH]


def test_an_absurd_jump_is_refused_also_for_the_first_version() -> None:
    assert outcomes([event(rules.MAX_JUMP)]) == ["apply"]
    assert outcomes([event(rules.MAX_JUMP + 1)]) == [rules.REASON_JUMP]
    assert outcomes([event(rules.MAX_JUMP + 8)], Version(1, 7)) == [rules.REASON_JUMP]
    assert outcomes([event(rules.MAX_JUMP + 1, epoch=2)], Version(1, rules.MAX_JUMP), epoch=2) == [rules.REASON_JUMP]


def test_what_was_erased_stays_out_and_an_erasure_needs_no_higher_version() -> None:
    assert outcomes([event(9)], gone=True) == ["stale"]
    assert outcomes([event(1, erased=True)], Version(1, 7)) == ["apply"]
    assert outcomes([event(1, erased=True), event(2), event(3)]) == ["apply", "stale", "stale"]
    assert outcomes([event(2), event(3), event(1, erased=True)]) == ["stale", "stale", "apply"]


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 50)), min_size=1, max_size=30))
def test_of_one_batch_the_highest_version_is_applied_once_in_whatever_order(versions: list[tuple[int, int]]) -> None:
    judged = outcomes([event(n, epoch=epoch) for epoch, n in versions], Version(1, 10), epoch=3)
    higher = [version for version in versions if version > (1, 10)]
    assert judged.count("apply") == (1 if higher else 0)
    if higher:
        assert versions[judged.index("apply")] == max(higher)


def finder(
    found: dict[DigestKey, UUID] | None = None,
    held: dict[UUID, set[DigestKey]] | None = None,
    taken: Sequence[UUID] = (),
) -> PersonFinder:
    return PersonFinder(found=found or {}, held=held or {}, taken=taken, fresh_id=uuid4)


def key(identifier: WireIdentifier) -> DigestKey:
    return keyed([identifier])[0].key


def test_a_new_patient_keeps_the_id_that_the_hospital_minted() -> None:
    proposed = uuid4()
    decided = finder().decide(proposed=proposed, present=None, identifiers=keyed([number("cccd", 1)]))
    assert (decided.id, decided.new, len(decided.attach)) == (proposed, True, 1)


def test_a_hospital_cannot_name_somebody_who_exists() -> None:
    somebody = uuid4()
    decided = finder(taken=[somebody]).decide(proposed=somebody, present=None, identifiers=[])
    assert decided.new
    assert decided.id != somebody


def test_the_same_number_is_the_same_person_within_a_batch_and_before_it() -> None:
    cccd, somebody = number("cccd", 1), uuid4()
    known = finder({key(cccd): somebody})
    assert known.decide(proposed=uuid4(), present=None, identifiers=keyed([cccd])).id == somebody
    fresh = finder()
    first = fresh.decide(proposed=uuid4(), present=None, identifiers=keyed([cccd]))
    second = fresh.decide(proposed=uuid4(), present=None, identifiers=keyed([cccd]))
    assert first.id == second.id
    assert second.attach == []


def test_a_newborn_that_gets_a_number_stays_who_it_is() -> None:
    child = uuid4()
    decided = finder(held={}).decide(proposed=child, present=child, identifiers=keyed([number("cccd", 5)]))
    assert (decided.id, decided.new) == (child, False)
    assert [item.system for item in decided.attach] == ["cccd"]


def test_another_cccd_is_another_person() -> None:
    mistaken, right = number("cccd", 1), number("cccd", 2)
    somebody = uuid4()
    people = finder({key(mistaken): somebody}, {somebody: {key(mistaken)}}, [somebody])
    decided = people.decide(proposed=somebody, present=somebody, identifiers=keyed([right]))
    assert decided.new
    assert decided.id != somebody


def test_a_weak_number_never_joins_two_whose_cccds_differ() -> None:
    passport, mine, yours, you = number("passport", 7), number("cccd", 1), number("cccd", 2), uuid4()
    people = finder({key(passport): you, key(yours): you}, {you: {key(passport), key(yours)}}, [you])
    decided = people.decide(proposed=uuid4(), present=None, identifiers=keyed([passport, mine]))
    assert decided.id != you
    # The passport stays with whom it was found.
    assert [item.system for item in decided.attach] == ["cccd"]


def test_a_weak_number_is_enough_where_nothing_stronger_speaks_against_it() -> None:
    passport, cccd, you = number("passport", 7), number("cccd", 1), uuid4()
    people = finder({key(passport): you}, {you: {key(passport)}}, [you])
    decided = people.decide(proposed=uuid4(), present=None, identifiers=keyed([passport, cccd]))
    assert decided.id == you
    assert [item.system for item in decided.attach] == ["cccd"]


def test_shapes() -> None:
    assert rules.shape_is_right(event(1))
    assert rules.shape_is_right(event(1, erased=True))
    assert not rules.shape_is_right(Event(uuid4(), "patient.changed", "patient", PATIENT, 1, 1))
    assert not rules.shape_is_right(Event(uuid4(), "audit.sealed", "audit_seal", PATIENT, 1, 1))
    assert not rules.shape_is_right(Event(uuid4(), "appointment.booked", "patient", PATIENT, 1, 1, event(1).patient))
