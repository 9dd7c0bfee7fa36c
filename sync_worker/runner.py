"""The daemon: named loops that notice work, and hands that do it. Several such processes may run beside each other.

- `bell` waits for rings in Redis; `sweep` looks into every hospital now and then; `changes` fetches what central says.
- The hands take one hospital at a time from the agenda. Claims in the outbox keep processes apart, so nothing else is
  shared between them, and no lock is held anywhere.
- Asked to stop, the hands finish the batch that is with central, settle it, and give back what they hold.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import OperationalError

from central.router.public import HospitalUnavailable, RedisOutages
from central.sync.public import RedisBellListener
from kernel.errors import SokhamError
from kernel.ids import TenantId
from kernel.telemetry.logs import get_logger
from kernel.telemetry.metrics import Gauge
from keys.public import Keychain, SigningKey
from sync_worker import rules
from sync_worker.agenda import Agenda
from sync_worker.changes import ChangesWork
from sync_worker.client import CentralClient
from sync_worker.hospital import HospitalWork, Pace, Turn
from sync_worker.ports import Hospitals
from sync_worker.rules import Step
from sync_worker.sealing import Sealer
from tenant_app.sync_public import queue, sync_key

log = get_logger(__name__)

HEARTBEAT = Gauge("sokham_sync_loop_seconds", "When a loop last came round, in seconds since 1970", ["loop"])
CENTRAL_AWAY = Gauge("sokham_sync_central_away", "1 while central does not take what is pushed")

_BELL_SECONDS: Final = 1
_KEY_SECONDS: Final = 600.0


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How often each loop comes round, in seconds, and how many hospitals are worked on at once."""

    sweep_seconds: float = 30.0
    changes_seconds: float = 60.0
    hands: int = 3


class Worker:
    """One worker process. `run` returns after `stop`, or with `once` when everything that was due is done."""

    def __init__(
        self,
        *,
        hospitals: Hospitals,
        client: CentralClient,
        sealer: Sealer,
        keychain: Keychain,
        bell: RedisBellListener | None,
        outages: RedisOutages,
        pace: Pace,
        schedule: Schedule,
        only: frozenset[TenantId] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._hospitals = hospitals
        self._client = client
        self._sealer = sealer
        self._keychain = keychain
        self._bell = bell
        self._outages = outages
        self._pace = pace
        self._schedule = schedule
        self._only = only
        self._chance = chance
        self._agenda = Agenda()
        self._stop = threading.Event()
        self._troubles = _Troubles()
        self._keys: dict[TenantId, tuple[SigningKey, float]] = {}
        # How often each loop has come round, by its name.
        self.rounds: Counter[str] = Counter()

    def idle(self) -> bool:
        """Whether nothing waits to be done and nobody is at it."""
        return self._agenda.idle()

    def stop(self) -> None:
        """End gracefully; may be called from a signal handler."""
        self._stop.set()

    def run(self) -> None:
        """Work until stopped."""
        hands = [threading.Thread(target=self._hand, name=f"sync-hand-{n}") for n in range(self._schedule.hands)]
        loops = [
            threading.Thread(target=self._loop, args=("sweep", self._schedule.sweep_seconds, self._sweep)),
            threading.Thread(target=self._loop, args=("changes", self._schedule.changes_seconds, self._ask_changes)),
        ]
        if self._bell is not None:
            loops.append(threading.Thread(target=self._loop, args=("bell", 0.0, self._listen)))
        log.info("sync.started", hands=len(hands), batch=self._pace.batch)
        for thread in (*hands, *loops):
            thread.start()
        self._stop.wait()
        log.info("sync.stopping")
        self._agenda.close()
        for thread in (*hands, *loops):
            thread.join()
        log.info("sync.stopped")

    def run_once(self) -> None:
        """Fetch changes and drain every hospital once; trouble is logged and not waited out."""
        for tenant in self._known():
            self._work(tenant, changes=True)
            if self._stop.is_set():
                return

    # Loops: they only put things on the agenda.

    def _loop(self, name: str, seconds: float, step: Callable[[], None]) -> None:
        while not self._stop.is_set():
            HEARTBEAT.labels(name).set(time.time())
            try:
                step()
            except SokhamError as error:
                log.warning("sync.loop_failed", loop=name, code=error.code)
            except Exception:
                # A loop outlives whatever happened in one round; the next one comes.
                log.exception("sync.loop_crashed", loop=name)
            self.rounds[name] += 1
            self._stop.wait(seconds)

    def _listen(self) -> None:
        rings = self._bell.wait(_BELL_SECONDS) if self._bell is not None else None
        if rings is None:
            # Redis is away: the sweep does what the bell cannot.
            self._stop.wait(_BELL_SECONDS)
            return
        for ring in rings:
            if self._only is None or ring.tenant in self._only:
                self._agenda.add(ring.tenant, changes=ring.changes)

    def _sweep(self) -> None:
        """Look into every hospital, a few at a time: one that does not answer holds up only its own sweeper."""
        with ThreadPoolExecutor(self._schedule.hands, thread_name_prefix="sync-sweep") as sweepers:
            for _ in sweepers.map(self._look, self._known()):
                pass

    def _look(self, tenant: TenantId) -> None:
        if self._stop.is_set():
            return
        try:
            with self._hospitals.unit_of_work(tenant) as uow:
                due = queue.due(uow=uow)
        except (HospitalUnavailable, OperationalError):
            log.info("sync.hospital_away", tenant=tenant, code=HospitalUnavailable.code)
            self._outages.away(tenant)
            return
        except SokhamError as error:
            log.info("sync.hospital_away", tenant=tenant, code=error.code)
            return
        self._outages.answers(tenant)
        if due:
            self._agenda.add(tenant)

    def _ask_changes(self) -> None:
        for tenant in self._known():
            self._agenda.add(tenant, changes=True)

    def _known(self) -> list[TenantId]:
        known = [TenantId.parse(found.tenant_id) for found in self._hospitals.tenants() if found.status == "active"]
        return [tenant for tenant in known if self._only is None or tenant in self._only]

    # Hands: they do what is on it.

    def _hand(self) -> None:
        while not self._stop.is_set():
            taken = self._agenda.take(wait_seconds=_BELL_SECONDS)
            if taken is None:
                continue
            tenant, changes = taken
            try:
                self._work(tenant, changes=changes)
            finally:
                self._agenda.done(tenant)

    def _work(self, tenant: TenantId, *, changes: bool) -> None:
        """One hospital's turn; whatever goes wrong is this hospital's trouble, or central's, and waited out."""
        try:
            key = self._key(tenant)
            if changes and not self._fetch(tenant, key):
                return
            turn = HospitalWork(
                tenant=tenant,
                hospitals=self._hospitals,
                client=self._client,
                key=key,
                sealer=self._sealer,
                pace=self._pace,
                stopping=self._stop.is_set,
                chance=self._chance,
            ).drain()
        except SokhamError as error:
            log.warning("sync.hospital_troubled", tenant=tenant, code=error.code)
            self._leave_alone(tenant, changes=changes, retry_after=error.retry_after)
        except Exception:
            log.exception("sync.hospital_crashed", tenant=tenant)
            self._leave_alone(tenant, changes=changes, retry_after=None)
        else:
            self._after(tenant, turn)

    def _fetch(self, tenant: TenantId, key: SigningKey) -> bool:
        work = ChangesWork(tenant=tenant, hospitals=self._hospitals, client=self._client, key=key)
        step, retry_after, _ = work.fetch()
        if step is Step.ACCEPTED:
            return True
        self._stopped(tenant, step, retry_after, changes=True)
        return False

    def _after(self, tenant: TenantId, turn: Turn) -> None:
        if turn.stopped is not None:
            self._stopped(tenant, turn.stopped, turn.retry_after, changes=False)
            return
        self._troubles.over(None)
        self._troubles.over(tenant)
        CENTRAL_AWAY.set(0)
        self._agenda.welcome(tenant)
        if turn.more:
            self._agenda.add(tenant)
        elif turn.soonest_retry is not None:
            self._agenda.later(tenant, turn.soonest_retry)

    def _stopped(self, tenant: TenantId, step: Step, retry_after: int | None, *, changes: bool) -> None:
        if step is Step.AWAY:
            wait = rules.wait_seconds(self._troubles.again(None), chance=self._chance(), retry_after=retry_after)
            log.warning("sync.central_away", seconds=round(wait, 1))
            CENTRAL_AWAY.set(1)
            self._agenda.pause(wait)
            self._agenda.add(tenant, changes=changes)
        else:
            # Not these events, but this hospital: suspended, or its key is not known any more.
            self._keys.pop(tenant, None)
            log.warning("sync.hospital_refused", tenant=tenant)
            self._leave_alone(tenant, changes=changes, retry_after=retry_after)

    def _leave_alone(self, tenant: TenantId, *, changes: bool, retry_after: int | None) -> None:
        wait = rules.wait_seconds(self._troubles.again(tenant), chance=self._chance(), retry_after=retry_after)
        self._agenda.postpone(tenant, wait, changes=changes)

    def _key(self, tenant: TenantId) -> SigningKey:
        held = self._keys.get(tenant)
        if held is not None and time.monotonic() - held[1] < _KEY_SECONDS:
            return held[0]
        with self._hospitals.unit_of_work(tenant) as uow:
            key = sync_key(uow=uow, tenant=tenant, keychain=self._keychain)
        self._keys[tenant] = (key, time.monotonic())
        return key


class _Troubles:
    """How often in a row something went wrong with a hospital, or (None) with central."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[TenantId | None, int] = {}

    def again(self, who: TenantId | None) -> int:
        """One more; how many there were before."""
        with self._lock:
            before = self._counts.get(who, 0)
            self._counts[who] = before + 1
            return before

    def over(self, who: TenantId | None) -> None:
        """It went well."""
        with self._lock:
            self._counts.pop(who, None)
