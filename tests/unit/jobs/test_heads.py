"""The file of heads."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from jobs.sealing.chain import Position, Seal, SealBody
from jobs.sealing.heads import HeadFile, NotedHead, head_files, noted_heads


def seal(sequence: int) -> Seal:
    body = SealBody(
        chain="central:admin_audit_logs",
        sequence=sequence,
        previous=b"",
        first=Position(1, UUID(int=1)),
        last=Position(1, UUID(int=1)),
        row_count=1,
        sealed_at=0,
    )
    return Seal(body=body, digest=bytes([sequence]), kid="k", signature="s")


def test_heads_are_read_as_they_were_noted_whatever_a_crash_left_of_the_last_line(tmp_path: Path) -> None:
    november, december = datetime(2026, 11, 30, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    months = iter([november, december])
    file = HeadFile(tmp_path, clock=lambda: next(months))
    file.note(seal(1))
    file.note(seal(2), epoch=3)
    files = head_files(tmp_path)
    assert [path.name for path in files] == ["heads-2026-11.jsonl", "heads-2026-12.jsonl"]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in files)
    with files[1].open("a", encoding="utf-8") as cut_off:
        cut_off.write('{"chain": "central:admin')
    chain = "central:admin_audit_logs"
    assert list(noted_heads(files)) == [
        NotedHead(chain, 1, "AQ", 1, november),
        NotedHead(chain, 2, "Ag", 3, december),
    ]


def test_a_line_from_before_epochs_were_noted_is_of_the_first(tmp_path: Path) -> None:
    old = tmp_path / "heads-2026-10.jsonl"
    old.write_text('{"chain": "hospital:x", "sequence": 4, "digest": "BA", "kid": "k", "signature": "s"}\n')
    assert list(noted_heads([old])) == [NotedHead("hospital:x", 4, "BA", 1, None)]


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("a file where the folder should be", encoding="utf-8")
    HeadFile(tmp_path).note(seal(1))
