"""What supervised processes say, a file each, rotated by size.

A process writes to its file itself: a pipe through the supervisor would break, and the process with it, when the
supervisor is killed. The file is open for appending, so it is rotated by copying and emptying it, as logrotate's
copytruncate does; a line written in the instant between the two is lost, which a log can bear.
"""

import os
import shutil
from pathlib import Path

KEEP = 3
ROTATE_BYTES = 10 * 1024 * 1024


def open_log(path: Path) -> int:
    """A file descriptor to append to, mode 0600. The caller closes it."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


def rotate(path: Path, *, above: int = ROTATE_BYTES, keep: int = KEEP) -> bool:
    """Move what the file holds to `path.1` (older ones to `.2` …) when it is larger; whether it was."""
    try:
        if path.stat().st_size <= above:
            return False
    except FileNotFoundError:
        return False
    for number in range(keep, 1, -1):
        older = numbered(path, number - 1)
        if older.exists():
            older.replace(numbered(path, number))
    shutil.copy2(path, numbered(path, 1))
    os.truncate(path, 0)
    return True


def numbered(path: Path, number: int) -> Path:
    """The name of an older part of a log."""
    return path.with_name(f"{path.name}.{number}")
