"""Which heads a restored hospital must still show."""

from datetime import UTC, datetime, timedelta

from jobs.sealing.heads import NotedHead
from jobs.sealing.restores import Restore, sort_out

RESTORED = datetime(2026, 11, 21, 9, tzinfo=UTC)
BEFORE, AFTER = RESTORED - timedelta(hours=1), RESTORED + timedelta(hours=1)
# At the restore the chain had ten seals.
RESTORE = Restore(epoch=2, at=RESTORED, sequence=10, digest="ten")


def head(sequence: int, digest: str, *, epoch: int = 1, at: datetime | None = BEFORE) -> NotedHead:
    return NotedHead("hospital:x", sequence, digest, epoch, at)


def held(heads: list[NotedHead], *restores: Restore) -> set[tuple[int, str]]:
    return {(each.sequence, each.digest) for each in sort_out(heads, restores)[0]}


def test_without_a_restore_every_head_must_hold() -> None:
    heads = [head(10, "a"), head(15, "b", epoch=2, at=AFTER)]
    assert sort_out(heads, ()) == (heads, [])


def test_what_the_restore_undid_is_counted_and_what_it_kept_must_hold() -> None:
    heads = [
        head(9, "nine"),
        head(10, "ten"),
        head(17, "lost"),
        head(13, "lost too"),
        head(13, "new", epoch=2, at=AFTER),
    ]
    hold, undone = sort_out(heads, [RESTORE])
    assert {(each.sequence, each.digest) for each in hold} == {(9, "nine"), (10, "ten"), (13, "new")}
    assert [(each.restore.epoch, each.seals) for each in undone] == [(2, 7)]


def test_the_restored_chain_itself_must_still_be_there() -> None:
    assert held([], RESTORE) == {(10, "ten")}


def test_a_head_noted_after_the_restore_must_hold_whatever_epoch_the_hospital_claims() -> None:
    """Whoever owns the hospital's database could set its epoch back, to have its new seals taken for undone ones."""
    assert (15, "new") in held([head(15, "new", epoch=1, at=AFTER)], RESTORE)


def test_an_epoch_that_is_not_on_record_counts_for_nothing() -> None:
    assert (15, "b") in held([head(15, "b", epoch=1)])
    assert (15, "b") not in held([head(15, "b", epoch=1)], RESTORE)
    # One too high is the highest on record, and so must hold.
    assert (15, "b") in held([head(15, "b", epoch=9)], RESTORE)


def test_a_line_without_a_time_goes_by_its_epoch() -> None:
    assert held([head(15, "old", at=None), head(15, "new", epoch=2, at=None)], RESTORE) == {(15, "new"), (10, "ten")}


def test_a_second_restore_may_undo_what_the_first_began() -> None:
    again = Restore(epoch=3, at=AFTER, sequence=4, digest="four")
    heads = [head(4, "four"), head(17, "lost"), head(12, "lost later", epoch=2, at=RESTORED + timedelta(minutes=1))]
    hold, undone = sort_out(heads, [again, RESTORE])
    assert {(each.sequence, each.digest) for each in hold} == {(4, "four")}
    assert [(each.restore.epoch, each.seals) for each in undone] == [(2, 7), (3, 8)]
