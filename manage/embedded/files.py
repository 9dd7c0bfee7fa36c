"""Small readings of the files that servers keep."""

from pathlib import Path


def text_of(path: Path) -> str:
    """What a file holds; nothing when it does not exist."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def log_tail(log: Path, *, lines: int = 5) -> str:
    """A sentence with the last lines of a log, or of the logs in a folder, for a message to the operator."""
    files = sorted(log.glob("*.log"), key=lambda path: path.stat().st_mtime) if log.is_dir() else [log]
    said = [line for path in files for line in text_of(path).splitlines()]
    return f"The log in {log} ends: " + " | ".join(said[-lines:]) if said else f"Its log is in {log}."
