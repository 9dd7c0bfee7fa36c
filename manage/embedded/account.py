"""The account that embedded servers run under, and places on disk that it can reach.

PostgreSQL refuses to run as root, and Redis should not, so root drops to an unprivileged account that exists. That
account often cannot reach the data folder (a home is 0700) nor the virtual environment; then the server's data and its
binaries live in the system's state directory, and the data folder remembers where.
"""

import fcntl
import os
import pwd
import secrets
import shutil
import stat
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from manage.data_dir import UnsafeFolder, open_to_all, private_folder, secret_file
from manage.embedded.files import text_of

# The directory that the Filesystem Hierarchy Standard 3.0 (section 5.8) gives to the persistent state of programs.
STATE_DIRECTORY = Path("/var/lib/sokham")
UNPRIVILEGED = "nobody"


class PopenUser(TypedDict, total=False):
    """The arguments of subprocess that change the user."""

    user: int
    group: int
    extra_groups: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class Account:
    """A user of the operating system; `dropped` when it is not the one that we run as."""

    uid: int
    gid: int
    dropped: bool

    def popen(self) -> PopenUser:
        """What to pass to subprocess so that a program runs under this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.dropped else {}

    def own(self, path: Path) -> None:
        """Give a file or folder to this account."""
        if self.dropped:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def write(self, path: Path, text: str) -> None:
        """Write a file (0600) that this account owns; it appears whole or not at all."""
        draft = path.with_name(f"{path.name}.draft")
        draft.touch(mode=0o600)
        draft.write_text(text, encoding="utf-8")
        self.own(draft)
        draft.replace(path)

    def can_run(self, program: Path) -> bool:
        """Whether this account can start the program with all its libraries (asked by `--version`)."""
        try:
            done = subprocess.run(  # noqa: S603 - a program of ours, with a constant argument.
                [program, "--version"], check=False, capture_output=True, cwd="/", timeout=30, **self.popen()
            )
        except OSError:
            return False
        return done.returncode == 0


def server_account() -> Account:
    """The account for servers: our own, or for root an unprivileged one."""
    if os.geteuid() != 0:
        return Account(uid=os.geteuid(), gid=os.getegid(), dropped=False)
    entry = pwd.getpwnam(UNPRIVILEGED)
    return Account(uid=entry.pw_uid, gid=entry.pw_gid, dropped=True)


def home_of(directory: Path, account: Account, *, state_directory: Path = STATE_DIRECTORY) -> Path:
    """The folder (0700, owned by the account) for the data of the server whose settings are in `directory`.

    It is `directory/server` where the account can reach that, else `state_directory/instances/<name>`, with the name in
    `directory/instance`. The name is random, not a hash of the path: a folder that was removed and made anew must not
    meet the data of the old one, whose password is gone.
    """
    inside, pointer = directory / "server", directory / "instance"
    if not inside.exists() and (pointer.exists() or (account.dropped and not open_to_all(directory))):
        name = secret_file(pointer, make=lambda: secrets.token_hex(16))
        shared_folder(state_directory)
        home = shared_folder(state_directory / "instances") / name
    else:
        home = inside
    home.mkdir(mode=0o700, exist_ok=True)
    found = home.lstat()
    if found.st_uid not in {account.uid, os.geteuid()} or not stat.S_ISDIR(found.st_mode):
        raise UnsafeFolder(f"{home} does not belong to uid {account.uid}: it is no folder of ours.")
    account.own(home)
    home.chmod(0o700)
    return home


def existing_home(directory: Path, *, state_directory: Path = STATE_DIRECTORY) -> Path | None:
    """Where `home_of` has put the data of this server; None before its first start."""
    if (inside := directory / "server").exists():
        return inside
    if name := text_of(directory / "instance"):
        return state_directory / "instances" / name
    return None


def forget_home(directory: Path, home: Path) -> None:
    """Delete a server's data and what remembers it."""
    shutil.rmtree(home, ignore_errors=True)
    (directory / "instance").unlink(missing_ok=True)


def reachable_copy(
    sources: Sequence[Path],
    *,
    program: Path,
    label: str,
    account: Account,
    leave_out: Sequence[str] = (),
    state_directory: Path = STATE_DIRECTORY,
) -> Path:
    """The path of `program` in a place from where the account can run it: where it is, or one copy of `sources`.

    `sources` are folders or files side by side (a program finds its libraries relative to itself), `program` is inside
    one of them. The copy is made once for each `label`, which carries the version.
    """
    if account.can_run(program):
        return program
    relative = program.relative_to(sources[0].parent)
    shared_folder(state_directory)
    target = shared_folder(state_directory / "programs") / label
    with exclusive(state_directory / "programs" / ".lock"):
        if not target.exists():
            draft = target.with_name(f".{label}.draft")
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            for source in sources:
                _copy(source, draft / source.name, leave_out)
            _open(draft)
            draft.rename(target)
    copied = target / relative
    if not account.can_run(copied):
        raise UnsafeFolder(
            f"uid {account.uid} can run {relative} neither where it is installed nor from {target}. "
            "Is that file system mounted noexec, or was the copy damaged? Remove it and try again."
        )
    return copied


def shared_folder(folder: Path) -> Path:
    """A folder of ours that others may pass through and not list."""
    return private_folder(folder, mode=0o711)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold a lock file while one process works; waits for its turn. The kernel lets go when the process ends."""
    with open(path, "a", encoding="ascii", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _copy(source: Path, target: Path, leave_out: Sequence[str]) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(*leave_out))
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


def _open(tree: Path) -> None:
    # An installation under a strict umask would copy as strictly, and nobody else could read it.
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if executable else 0o644)
