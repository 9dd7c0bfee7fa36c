"""Counting statements, so that a list does not ask once for each of its rows."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event


@dataclass
class Counted:
    """The statements that were sent, in order."""

    statements: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many."""
        return len(self.statements)


Counting = Callable[[], AbstractContextManager[Counted]]


@contextmanager
def count_statements() -> Iterator[Counted]:
    """Count what any engine sends while the block runs."""
    counted = Counted()

    def sent(_connection: Any, _cursor: Any, statement: str, _parameters: Any, _context: Any, _many: bool) -> None:
        counted.statements.append(statement)

    event.listen(Engine, "before_cursor_execute", sent)
    try:
        yield counted
    finally:
        event.remove(Engine, "before_cursor_execute", sent)
