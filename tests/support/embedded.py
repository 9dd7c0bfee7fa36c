"""Folders for embedded servers that the unprivileged account can reach."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a private folder in it.
# A test run with several workers stays far below it; a container's default of 64 MB would not do.
ENOUGH_BYTES = 4 * 1024**3


@contextmanager
def open_folder() -> Iterator[Path]:
    """A new folder that others may pass through, so that a server started by root keeps its data in it.

    pytest's own folders are closed to others; there the data would go to the system's state directory. It is in memory
    where there is enough, because making a server writes 40 MB.
    """
    in_memory = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES
    folder = Path(tempfile.mkdtemp(prefix="sokham-test-", dir=MEMORY if in_memory else None)).resolve()
    try:
        folder.chmod(0o711)
        yield folder
    finally:
        shutil.rmtree(folder)
