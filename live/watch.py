"""Looks every two seconds whether whoever is connected may still hear: session, role, and the hospital itself.

One question a hospital, however many are connected, and one of central for all hospitals: so an end of any of them is
felt within five seconds also where no message of it arrives. A hospital that does not answer holds up itself only.
"""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from central.auth.public import SessionRules
from central.router.public import HospitalSuspended, HospitalUnknown, TenantRouter
from kernel.errors import SokhamError
from kernel.ids import TenantId, new_row_id
from kernel.telemetry.logs import get_logger
from live.door import Door
from live.hub import Hub, Look
from tenant_app.auth.public import standings
from tenant_app.live.public import SEEN_EVERY, write_down

log = get_logger(__name__)

LOOK_SECONDS: Final = 2.0
THREADS: Final = 8


class Watch:
    """The looks of this process; `process_id` names it in the rows of its connections."""

    def __init__(
        self,
        *,
        hub: Hub,
        door: Door,
        router: TenantRouter,
        rules: SessionRules,
        process_id: UUID | None = None,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._hub = hub
        self._door = door
        self._router = router
        self._rules = rules
        self._process_id = process_id or new_row_id()
        self._look_seconds = look_seconds
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._looking: set[TenantId] = set()
        self._seen: dict[TenantId, float] = {}
        self._statuses: Mapping[TenantId, str] = {}
        self._backwards = False
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="live-look")
        self._threads = (
            threading.Thread(target=self._each, args=(self._look,), name="live-watch", daemon=True),
            # By itself: central may be slow to answer when hospitals are not.
            threading.Thread(target=self._each, args=(self._ask_central,), name="live-central", daemon=True),
        )

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End; what is under way comes to its end."""
        self._stopping.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(5)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _each(self, do: Callable[[], None]) -> None:
        while not self._stopping.wait(self._look_seconds):
            try:
                do()
            except Exception:
                # The next look must come whatever became of this one.
                log.exception("live.watch_failed")

    def _look(self) -> None:
        looks = self._hub.looks()
        # Back and forth: where there are more hospitals than connections, those asked last have theirs still.
        self._backwards = not self._backwards
        for look in reversed(looks) if self._backwards else looks:
            with self._lock:
                busy = look.tenant in self._looking
                if not busy:
                    self._looking.add(look.tenant)
            if busy:
                self._hub.failed(look)
            else:
                self._pool.submit(self._look_at, look)
        self._hub.say_silent()
        self._door.hang_up_overdue()

    def _ask_central(self) -> None:
        try:
            self._statuses = {TenantId.parse(each.tenant_id): each.status for each in self._router.tenants()}
        except SokhamError as error:
            # A hospital goes on working while central is away; what is known to be suspended stays so.
            log.warning("live.central_away", error=error.code)

    def _look_at(self, look: Look) -> None:
        try:
            self._judge(look)
        except (HospitalSuspended, HospitalUnknown):
            self._hub.drop_hospital(look.tenant, "hospital_suspended")
        except (SokhamError, SQLAlchemyError) as error:
            self._hub.failed(look)
            log.warning("live.hospital_away", tenant=look.tenant, error=type(error).__name__)
        except Exception:
            self._hub.failed(look)
            log.exception("live.look_failed", tenant=look.tenant)
        finally:
            with self._lock:
                self._looking.discard(look.tenant)

    def _judge(self, look: Look) -> None:
        """Ask, write down who is here, and tell the hub. Raises what the router raises."""
        if self._statuses.get(look.tenant, "active") != "active":
            raise HospitalSuspended
        # Before the question: what ends after this moment may not be in the answer.
        since = time.monotonic()
        alive = since - self._seen.get(look.tenant, 0.0) >= SEEN_EVERY.total_seconds()
        with self._router.unit_of_work(look.tenant) as uow:
            found = standings(uow=uow, sessions=look.sessions, rules=self._rules)
            write_down(
                uow=uow,
                process_id=self._process_id,
                held=[each for each in look.held if each.session_id in found],
                left=look.left,
                changed=look.changed,
                alive=alive,
            )
            uow.commit()
        if alive:
            self._seen[look.tenant] = since
        self._hub.confirm(look, found, since=since)
