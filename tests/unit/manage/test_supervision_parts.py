"""The parts of the supervisor that need no process."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manage.supervision.child import describe_exit
from manage.supervision.logs import numbered, open_log, rotate
from manage.supervision.spec import ProcessSpec
from manage.supervision.supervisor import Backoff


@given(st.integers(min_value=1, max_value=10**9))
def test_waits_grow_up_to_the_ceiling(failures: int) -> None:
    backoff = Backoff()
    assert 0.5 <= backoff.seconds(failures) <= backoff.seconds(failures + 1) <= 30.0


def test_waits_double() -> None:
    assert [Backoff().seconds(n) for n in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, 30, 30]


@pytest.mark.parametrize("name", ["", "../x", "A", "a b", "1a", "a/b"])
def test_a_name_that_is_no_file_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        ProcessSpec(name=name, argv=["true"], environment={})


def test_no_repr_shows_the_environment() -> None:
    assert "secret" not in repr(ProcessSpec(name="a", argv=["true"], environment={"PASSWORD": "secret"}))


def test_exits_are_told_in_words() -> None:
    assert describe_exit(3) == "exit 3"
    assert describe_exit(-9) == "killed by SIGKILL"


def test_a_log_rotates_under_its_writer_and_keeps_the_newest(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    assert not rotate(log, above=10)
    writer = open_log(log)
    for turn in range(5):
        os.write(writer, b"%d" % turn * 11)
        assert rotate(log, above=10, keep=3)
        assert log.stat().st_size == 0
    os.write(writer, b"short")
    os.close(writer)
    assert not rotate(log, above=10)
    assert log.read_bytes() == b"short"
    assert [numbered(log, number).read_bytes()[:1] for number in (1, 2, 3)] == [b"4", b"3", b"2"]
    assert not numbered(log, 4).exists()
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
