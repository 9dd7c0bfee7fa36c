"""One transaction with what belongs to it. It rolls back unless told to commit; only an edge tells it."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from sqlalchemy.orm import Session

from kernel.ids import TenantId
from kernel.telemetry.logs import get_logger

log = get_logger(__name__)


class UnitOfWork:
    """A session on one database: a hospital's when `tenant` is set, central's otherwise.

    `after_commit` is for what may be lost (a doorbell, a socket push): it runs only when the commit held, and its
    failure is logged and does not undo anything. What must not be lost is an outbox row in the same transaction.
    """

    def __init__(self, session: Session, *, tenant: TenantId | None = None) -> None:
        self.session = session
        self.tenant = tenant
        self.committed = False
        self._after_commit: list[Callable[[], None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run `action` once the transaction has committed."""
        self._after_commit.append(action)

    def flush(self) -> None:
        """Send what is pending, so that constraints speak now."""
        self.session.flush()

    def commit(self) -> None:
        """Make it last, then run what waited for that."""
        self.session.commit()
        self.committed = True
        actions, self._after_commit = self._after_commit, []
        for action in actions:
            try:
                action()
            except Exception:
                log.exception("unit_of_work.after_commit_failed", tenant=self.tenant)

    def close(self) -> None:
        """Give the connection back; what was not committed is rolled back."""
        self._after_commit.clear()
        self.session.close()
