"""The data folder: everything that one installation keeps on this machine, closed to everybody else.

Layout: ``postgres/`` and ``redis/`` (embedded servers), ``secrets/`` (generated once), ``keys/`` (local keyring),
``files/``, ``mail/`` (sink of the demo), ``logs/``, ``run/`` (pid files), ``up.lock``.
"""

import fcntl
import hashlib
import os
import secrets
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from manage.errors import CommandFailed

# The longest path of a Unix socket is the size of sockaddr_un.sun_path without its closing zero byte.
SOCKET_PATH_BYTES = 103 if sys.platform == "darwin" else 107
# PostgreSQL names its socket with the port, which has at most five digits, and a lock file beside it is longer still.
LONGEST_SOCKET_NAME = ".s.PGSQL.65535"


class UnsafeFolder(CommandFailed):
    """A folder that must be ours alone is not: another user owns it, or a link stands in its place."""

    code = "unsafe_folder"


class DataDirInUse(CommandFailed):
    """Another ``sokham up`` runs on this data folder."""

    code = "data_dir_in_use"


@dataclass(frozen=True)
class DataDir:
    """Paths in a data folder. Nothing is made on disk before `create`."""

    path: Path

    def __post_init__(self) -> None:
        # Processes change their directory, so a relative path would come to mean something else.
        object.__setattr__(self, "path", self.path.resolve())

    @property
    def postgres(self) -> Path:
        """Folder of the embedded PostgreSQL."""
        return self.path / "postgres"

    @property
    def redis(self) -> Path:
        """Folder of the embedded Redis."""
        return self.path / "redis"

    @property
    def secrets(self) -> Path:
        """Generated secrets, a file each."""
        return self.path / "secrets"

    @property
    def keys(self) -> Path:
        """The local keyring."""
        return self.path / "keys"

    @property
    def files(self) -> Path:
        """Stored files, encrypted."""
        return self.path / "files"

    @property
    def mail(self) -> Path:
        """Messages that the demo does not send."""
        return self.path / "mail"

    @property
    def logs(self) -> Path:
        """What the supervised processes say, a rotating file each."""
        return self.path / "logs"

    @property
    def run(self) -> Path:
        """Pid files of the supervised processes."""
        return self.path / "run"

    def create(self) -> "DataDir":
        """Make the folder and its subfolders (0700), or tighten those that stand. Raises UnsafeFolder."""
        for folder in (
            self.path,
            self.postgres,
            self.redis,
            self.secrets,
            self.keys,
            self.files,
            self.mail,
            self.logs,
            self.run,
        ):
            private_folder(folder)
        return self

    def secret(self, name: str) -> str:
        """The generated secret of that name: 256 random bits as URL-safe text, the same on every call."""
        return secret_file(self.secrets / name)

    def remember_ports(self, base: int) -> None:
        """Keep which ports this installation listens on, for the commands that tell addresses."""
        (self.path / "port-base").write_text(f"{base}\n", encoding="ascii")

    def port_base(self, *, default: int) -> int:
        """The ports that the last `sokham up` listened on."""
        try:
            return int((self.path / "port-base").read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return default

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for one ``sokham up``; the kernel lets go when the process ends, however it ends.

        Raises DataDirInUse at once when another process holds it.
        """
        with open(self.path / "up.lock", "a+", encoding="ascii", opener=_private_opener) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as err:
                file.seek(0)
                pid = file.read().strip()
                raise DataDirInUse(
                    f"`sokham up` already runs on {self.path}{f' (process {pid})' if pid else ''}. "
                    "Stop it first, or choose another folder with --data-dir and other ports with --port-base."
                ) from err
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
            yield


def private_folder(folder: Path, *, mode: int = 0o700) -> Path:
    """Make a folder that belongs to us and has exactly this mode. Raises UnsafeFolder when somebody else owns it."""
    folder.mkdir(mode=mode, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid != os.geteuid():
        raise UnsafeFolder(
            f"{folder} belongs to another user (uid {found.st_uid}). Run the command as that user, "
            "or choose another folder with --data-dir."
        )
    if stat.S_IMODE(found.st_mode) != mode:
        folder.chmod(mode)
    return folder


def secret_file(path: Path, *, make: Callable[[], str] = lambda: secrets.token_urlsafe(32)) -> str:
    """Read a secret, made by `make` on the first call; file mode 0600.

    The file appears whole or not at all, and of two processes that make it at once both read the same one.
    """
    if not path.exists():
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        with open(draft, "x", encoding="utf-8", opener=_private_opener) as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        try:
            # A hard link fails where the name exists, which a rename would overwrite: then theirs is the secret.
            with suppress(FileExistsError):
                path.hardlink_to(draft)
        finally:
            draft.unlink()
    if stat.S_IMODE(path.stat().st_mode) != 0o600:
        path.chmod(0o600)
    return path.read_text(encoding="utf-8")


def socket_directory(folder: Path, *, uid: int, gid: int) -> Path:
    """A private directory (0700, owned by uid) for the Unix sockets of the server that keeps its data in `folder`.

    It stands in the system's temporary directory, named by a hash of the folder, because the path of a socket is short
    (SOCKET_PATH_BYTES) and a data folder may lie deep. Raises UnsafeFolder when the name is taken by somebody else.
    """
    name = f"sokham-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}"
    # Python's choice follows TMPDIR, which may be long, or closed to the account that the server runs under.
    for base in (Path(tempfile.gettempdir()).resolve(), Path("/tmp")):  # noqa: S108 - checked for owner and mode below.
        directory = base / name
        fits = len(os.fsencode(directory / LONGEST_SOCKET_NAME)) <= SOCKET_PATH_BYTES
        if fits and (uid == os.geteuid() or open_to_all(base)):
            break
    else:
        raise UnsafeFolder("No temporary directory is fit for Unix sockets: unset TMPDIR, or make /tmp usable.")
    with suppress(FileExistsError):  # What stands there is judged below, whoever made it.
        directory.mkdir(mode=0o700)
    if directory.lstat().st_uid == os.geteuid():
        os.chown(directory, uid, gid, follow_symlinks=False)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid or stat.S_IMODE(found.st_mode) != 0o700:
        raise UnsafeFolder(f"{directory} is not a private directory of uid {uid}. Remove it and try again.")
    return directory


def open_to_all(folder: Path) -> bool:
    """Whether every account may pass through this folder and all above it."""
    return all(step.stat().st_mode & stat.S_IXOTH for step in (folder, *folder.parents))


def _private_opener(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
