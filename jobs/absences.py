"""Servers that do not answer are left alone for a while, longer each time."""

import threading
from collections.abc import Callable
from typing import Final

from kernel.backoff import backoff_seconds
from kernel.ids import TenantId

# Without end, because it is no message's fault; an appointment's time ends it.
BASE_SECONDS: Final = 2.0
CAP_SECONDS: Final = 120.0


class Absences:
    """Which of the operator's account and the hospitals' own are left alone now. Safe to share between threads."""

    def __init__(self, *, chance: Callable[[], float], monotonic: Callable[[], float]) -> None:
        self.chance = chance
        self._monotonic = monotonic
        self._lock = threading.Lock()
        # Failures in a row, and until when: of the operator's account (None) and of hospitals.
        self._away: dict[TenantId | None, tuple[int, float]] = {}
        # Who used an account of its own last; of the others it is supposed that they share the operator's.
        self._apart: set[TenantId] = set()

    def last(self, tenant: TenantId) -> bool:
        """Whether the account that this hospital used last is left alone now."""
        with self._lock:
            _, until = self._away.get(tenant if tenant in self._apart else None, (0, 0.0))
            return self._monotonic() < until

    def begin(self, tenant: TenantId, *, shared: bool) -> float:
        """It did not answer; for how many seconds it is left alone."""
        with self._lock:
            place = self._place(tenant, shared=shared)
            failures, _ = self._away.get(place, (0, 0.0))
            seconds = backoff_seconds(failures, chance=self.chance(), base=BASE_SECONDS, cap=CAP_SECONDS)
            self._away[place] = (failures + 1, self._monotonic() + seconds)
        return seconds

    def end(self, tenant: TenantId, *, shared: bool) -> None:
        """It answered."""
        with self._lock:
            self._away.pop(self._place(tenant, shared=shared), None)

    def _place(self, tenant: TenantId, *, shared: bool) -> TenantId | None:
        if shared:
            self._apart.discard(tenant)
            return None
        self._apart.add(tenant)
        return tenant
