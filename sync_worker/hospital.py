"""One hospital's turn: claim, seal, push, settle, batch after batch, until nothing is due.

No transaction is open while central is asked. While two batches are with central, a helper settles the one before and
prepares the one after; whatever happens to this process, claims run out by themselves.
"""

import random
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from uuid import UUID, uuid4

from central.sync.public import BacklogReport, DeadReport, Event
from kernel.clock import Clock, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from kernel.telemetry.logs import get_logger
from kernel.telemetry.metrics import Counter
from keys.public import SigningKey
from sync_worker import rules
from sync_worker.client import CentralClient
from sync_worker.delivery import Delivered, Delivery
from sync_worker.ports import Hospitals
from sync_worker.rules import Step
from sync_worker.sealing import BAD_PAYLOAD, Sealer
from tenant_app.sync_public import Claimed, Failure, queue

log = get_logger(__name__)

EVENTS = Counter("sokham_sync_events", "Events, by what became of them", ["result"])

# So that one hospital with a long backlog does not keep the hands from the others.
BATCHES_A_TURN = 100
# While central's database takes one, central reads the next.
BATCHES_AT_ONCE = 2

_CODE_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_.")


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Events in one batch, and how long a claim holds: longer than a push may take with all its time-outs."""

    batch: int = 1_000
    lease_seconds: float = 60.0


@dataclass(slots=True)
class Prepared:
    """A claimed batch, sealed."""

    claim_id: UUID
    claimed: dict[UUID, Claimed]
    dek_id: UUID
    events: list[Event]
    bad: list[Claimed]
    backlog: BacklogReport | None
    more: bool


@dataclass(slots=True)
class Turn:
    """What a turn did. `stopped` says why it ended before its time; `more` that something may still be due."""

    settled: int = 0
    dead: int = 0
    failed: int = 0
    stopped: Step | None = None
    retry_after: int | None = None
    more: bool = False
    soonest_retry: float | None = None


class HospitalWork:
    """Drains one hospital's outbox."""

    def __init__(
        self,
        *,
        tenant: TenantId,
        hospitals: Hospitals,
        client: CentralClient,
        key: SigningKey,
        sealer: Sealer,
        pace: Pace,
        stopping: Callable[[], bool],
        clock: Clock = utc_now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._tenant = tenant
        self._hospitals = hospitals
        self._delivery = Delivery(client=client, key=key)
        self._sealer = sealer
        self._pace = pace
        self._stopping = stopping
        self._clock = clock
        self._chance = chance

    def drain(self) -> Turn:
        """Push what is due; raises the router's and the key source's errors with nothing left claimed where it can."""
        turn = Turn()
        with (
            ThreadPoolExecutor(max_workers=1, thread_name_prefix="sync-helper") as helper,
            ThreadPoolExecutor(max_workers=BATCHES_AT_ONCE, thread_name_prefix="sync-push") as pushers,
        ):
            under_way: deque[Future[None]] = deque()
            upcoming: Future[Prepared | None] | None = helper.submit(self._prepare, True)
            try:
                for number in range(1, BATCHES_A_TURN + 1):
                    prepared = upcoming.result() if upcoming is not None else None
                    upcoming = None
                    if prepared is None:
                        break
                    turn.more = prepared.more
                    under_way.append(pushers.submit(self._bring, prepared, turn, helper))
                    if len(under_way) == BATCHES_AT_ONCE:
                        under_way.popleft().result()
                    if not prepared.more or number == BATCHES_A_TURN or turn.stopped or self._stopping():
                        break
                    upcoming = helper.submit(self._prepare, False)
                while under_way:
                    under_way.popleft().result()
            finally:
                self._give_back(upcoming)
        turn.more = turn.more or turn.stopped is not None
        return turn

    def _bring(self, prepared: Prepared, turn: Turn, helper: Executor) -> None:
        """A batch to central, and its answer to the outbox: by the helper, the one who writes the turn's figures."""
        delivered = self._deliver(prepared)
        helper.submit(self._settle, prepared, delivered, turn).result()

    def _deliver(self, prepared: Prepared) -> Delivered:
        try:
            return self._delivery.deliver(prepared.events, dek_id=prepared.dek_id, backlog=prepared.backlog)
        except BaseException:
            # Not an answer of central's but a fault of ours, or an interrupt: others may try at once.
            self._release(prepared.claim_id, list(prepared.claimed))
            raise

    def _prepare(self, first: bool) -> Prepared | None:
        claim_id = uuid4()
        with self._hospitals.unit_of_work(self._tenant) as uow:
            claimed = queue.claim(
                uow=uow, claim_id=claim_id, limit=self._pace.batch, lease_seconds=self._pace.lease_seconds
            )
            if not claimed:
                return None
            more = len(claimed) == self._pace.batch
            backlog = None if more and not first else self._backlog(uow, claimed)
            uow.commit()
        try:
            sealed = self._sealer.seal(self._tenant, claimed)
        except BaseException:
            self._release(claim_id, [row.id for row in claimed])
            raise
        return Prepared(
            claim_id, {row.id: row for row in claimed}, sealed.dek_id, sealed.events, sealed.bad, backlog, more
        )

    @staticmethod
    def _backlog(uow: UnitOfWork, claimed: list[Claimed]) -> BacklogReport:
        """What will still wait once this batch is through."""
        figures = queue.backlog(uow=uow)
        left = max(0, figures.pending - len(claimed))
        return BacklogReport(left, figures.oldest_pending_at if left else None)

    def _settle(self, prepared: Prepared, delivered: Delivered, turn: Turn) -> None:
        settled = [(result.id, result.patient_global_id) for result in delivered.results if result.result != "rejected"]
        # Central keeps its own note of what it rejected; what is given up here it must be told first.
        rejected = [
            (result.id, result.reason or "rejected") for result in delivered.results if result.result == "rejected"
        ]
        failures: list[Failure] = []
        given_up = list(delivered.refused) + [(row.id, BAD_PAYLOAD) for row in prepared.bad]
        for event, reason in delivered.failed:
            before = prepared.claimed[event].attempts
            if rules.given_up(before + 1):
                given_up.append((event, reason))
            else:
                failures.append(Failure(event, reason, rules.next_try_seconds(before, chance=self._chance())))
        left = list(delivered.left)
        if given_up and not self._tell(prepared, given_up):
            left += [event for event, _ in given_up]
            given_up = []
        with self._hospitals.unit_of_work(self._tenant) as uow:
            claim_id = prepared.claim_id
            if settled:
                turn.settled += queue.settle(uow=uow, claim_id=claim_id, settled=settled)
            if rejected or given_up:
                turn.dead += queue.bury(uow=uow, claim_id=claim_id, given_up=rejected + given_up)
            if failures:
                turn.failed += queue.fail(uow=uow, claim_id=claim_id, failures=failures)
            if left:
                queue.release(uow=uow, claim_id=claim_id, events=left)
            uow.commit()
        if delivered.stopped is not None:
            turn.stopped, turn.retry_after = delivered.stopped, delivered.retry_after
        for failure in failures:
            sooner = turn.soonest_retry is None or failure.after_seconds < turn.soonest_retry
            turn.soonest_retry = failure.after_seconds if sooner else turn.soonest_retry
        self._say(prepared, delivered, dead=rejected + given_up, failures=failures)

    def _tell(self, prepared: Prepared, given_up: list[tuple[UUID, str]]) -> bool:
        """Report dead letters; whether they may be given up now. What central refuses to hear of is, all the same."""
        now = self._clock()
        reports = []
        for event, reason in given_up:
            row = prepared.claimed[event]
            reports.append(DeadReport(event, _code(row.event_type), reason, row.attempts + 1, row.created_at, now))
        status = self._delivery.report(dead=reports).status
        if rules.refuses_the_batch(status):
            log.error("sync.dead_letters_not_told", tenant=self._tenant, status=status, events=len(reports))
            return True
        return rules.step_after(status) is Step.ACCEPTED

    def _give_back(self, upcoming: "Future[Prepared | None] | None") -> None:
        if upcoming is None:
            return
        error = upcoming.exception()
        prepared = upcoming.result() if error is None else None
        if prepared is not None:
            self._release(prepared.claim_id, list(prepared.claimed))

    def _release(self, claim_id: UUID, events: list[UUID]) -> None:
        with self._hospitals.unit_of_work(self._tenant) as uow:
            queue.release(uow=uow, claim_id=claim_id, events=events)
            uow.commit()

    def _say(
        self, prepared: Prepared, delivered: Delivered, *, dead: list[tuple[UUID, str]], failures: list[Failure]
    ) -> None:
        counts: dict[str, int] = {}
        for result in delivered.results:
            counts[result.result] = counts.get(result.result, 0) + 1
        for name, count in (*counts.items(), ("dead", len(dead)), ("failed", len(failures))):
            if count:
                EVENTS.labels(name).inc(count)
        log.info("sync.batch_settled", tenant=self._tenant, events=len(prepared.claimed), **counts)
        for event, reason in dead:
            log.warning("sync.event_dead", tenant=self._tenant, event_id=str(event), reason=reason)
        for failure in failures:
            log.info("sync.event_failed", tenant=self._tenant, event_id=str(failure.event), reason=failure.reason)


def _code(event_type: str) -> str:
    """An event type that central's schema takes, even where the row's own is what is wrong with it."""
    cleaned = "".join(letter if letter in _CODE_LETTERS else "_" for letter in event_type.lower())[:90]
    return cleaned if cleaned[:1].isalpha() else f"x{cleaned}"
