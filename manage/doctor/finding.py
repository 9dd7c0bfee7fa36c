"""What the doctor says: one finding a check."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from kernel.errors import SokhamError
from kernel.telemetry.logs import get_logger

log = get_logger(__name__)


class State(StrEnum):
    """How a check ended. Only `wrong` makes the command fail; `note` is worth knowing, `unknown` could not be seen."""

    OK = "ok"
    NOTE = "note"
    UNKNOWN = "unknown"
    WRONG = "wrong"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that was looked at: what was found, and how to mend it. Neither text ever holds a secret."""

    check: str
    state: State
    said: str
    remedy: str = ""


def ok(check: str, said: str) -> Finding:
    """All is well."""
    return Finding(check=check, state=State.OK, said=said)


def note(check: str, said: str, remedy: str = "") -> Finding:
    """Worth knowing, no fault."""
    return Finding(check=check, state=State.NOTE, said=said, remedy=remedy)


def unknown(check: str, said: str, remedy: str) -> Finding:
    """It could not be seen from here."""
    return Finding(check=check, state=State.UNKNOWN, said=said, remedy=remedy)


def wrong(check: str, said: str, remedy: str) -> Finding:
    """A fault."""
    return Finding(check=check, state=State.WRONG, said=said, remedy=remedy)


def looked_at(check: str, look: Callable[[], Iterable[Finding]], *, remedy: str) -> Iterator[Finding]:
    """What `look` finds; an error that it did not expect is a finding too, so that the other checks still run.

    Only errors of ours are quoted: the text of others may hold an address or a value.
    """
    try:
        yield from look()
    except SokhamError as err:
        yield wrong(check, str(err), remedy)
    except Exception as err:
        log.debug("doctor.check_failed", check=check, exc_info=True)
        yield wrong(check, f"The check itself failed ({type(err).__name__}).", remedy)
