"""Places that the servers' account can reach."""

import stat
from pathlib import Path

import pytest

from manage.data_dir import UnsafeFolder
from manage.embedded.account import Account, forget_home, home_of, reachable_copy, server_account


@pytest.fixture
def account() -> Account:
    return server_account()


def make_program(folder: Path) -> Path:
    program = folder / "package" / "bin" / "tool"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho 1\n", encoding="ascii")
    program.chmod(0o700)
    (folder / "package" / "notes.txt").write_text("left out", encoding="ascii")
    library = folder / "package.libs" / "lib.so"
    library.parent.mkdir()
    library.write_text("library", encoding="ascii")
    library.chmod(0o600)
    return program


def copy_of(program: Path, account: Account, state: Path) -> Path:
    package = program.parents[1]
    return reachable_copy(
        (package, package.with_name("package.libs")),
        program=program,
        label="tool-1",
        account=account,
        leave_out=("*.txt",),
        state_directory=state,
    )


def test_a_program_that_can_be_run_is_used_where_it_is(place: Path, account: Account) -> None:
    program = make_program(place)
    for path in (program.parents[1], program.parent, program):
        path.chmod(0o755)
    assert copy_of(program, account, place / "state") == program
    assert not (place / "state").exists()


def test_a_program_in_a_closed_folder_is_copied_once(tmp_path: Path, place: Path, account: Account) -> None:
    program = make_program(tmp_path)
    found = copy_of(program, account, place / "state")
    if not account.dropped:
        assert found == program
        return
    assert found == place / "state" / "programs" / "tool-1" / "package" / "bin" / "tool"
    assert account.can_run(found)
    root = place / "state" / "programs" / "tool-1"
    assert (root / "package.libs" / "lib.so").stat().st_mode & stat.S_IROTH
    assert not list(root.rglob("*.txt"))
    made = found.stat().st_mtime_ns, found.stat().st_ino
    assert copy_of(program, account, place / "state") == found
    assert (found.stat().st_mtime_ns, found.stat().st_ino) == made


def test_a_copy_that_cannot_be_run_says_where_to_look(tmp_path: Path, place: Path, account: Account) -> None:
    program = make_program(tmp_path)
    program.write_text("#!/bin/sh\nexit 3\n", encoding="ascii")
    with pytest.raises(UnsafeFolder, match=r"noexec"):
        copy_of(program, account, place / "state")


def test_a_folder_made_anew_does_not_meet_the_old_data(tmp_path: Path, place: Path, account: Account) -> None:
    directory = tmp_path / "server"
    directory.mkdir()
    first = home_of(directory, account, state_directory=place)
    assert home_of(directory, account, state_directory=place) == first
    forget_home(directory, first)
    assert not first.exists()
    again = home_of(directory, account, state_directory=place)
    assert (again == first) == (not account.dropped)


def test_a_home_of_somebody_else_is_refused(place: Path, account: Account) -> None:
    (place / "elsewhere").mkdir()
    (place / "server").symlink_to(place / "elsewhere")
    with pytest.raises(UnsafeFolder, match="no folder of ours"):
        home_of(place, account)
