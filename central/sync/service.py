"""One push: the batch is taken, and what it leaves behind is in the same transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, update

from central.sync import dead_letters, ingest
from central.sync.models import SyncHistory, TenantSyncStatus
from central.sync.wire import Batch, BatchAnswer, DeadReport, Event, Result
from kernel.clock import Clock, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from kernel.redis_client import HelpfulRedis
from kernel.telemetry.logs import get_logger
from kernel.telemetry.metrics import Counter, Histogram

log = get_logger(__name__)

EVENTS = Counter("sokham_sync_ingested_events", "Events of hospitals, by what became of them", ["result"])
SECONDS = Histogram("sokham_sync_ingest_seconds", "Time to take a batch, without the commit")

STREAM = "sokham:events"
_STREAM_LENGTH = 10_000
_UNSETTLED = ("dead", "replay_requested", "discard_requested")


class SyncBus:
    """Tells whoever listens that a batch was applied. May be lost."""

    def __init__(self, redis: HelpfulRedis | None) -> None:
        self._redis = redis

    def announce(self, fields: dict[str, Any]) -> None:
        """Add an event to the stream."""
        if self._redis is not None:
            plain = {name: str(value) for name, value in fields.items()}
            self._redis.ask(lambda client: client.xadd(STREAM, plain, maxlen=_STREAM_LENGTH, approximate=True))  # type: ignore[arg-type]  # redis-py's dict of unions is invariant


def push(
    *, uow: UnitOfWork, tenant: TenantId, batch: Batch, checksum: str, bus: SyncBus, clock: Clock = utc_now
) -> BatchAnswer:
    """Take a batch of `tenant` and answer for each event; see `ingest.take`. The caller commits.

    `checksum` is the body's, for the history. Raises Unavailable.
    """
    started = clock()
    with SECONDS.time():
        taken = ingest.take(uow=uow, tenant=tenant, batch=batch, now=started)
    rejected = taken.of("rejected")
    counts = {name: len(taken.of(name)) for name in ("applied", "duplicate", "stale", "rejected")}
    _dead_letters(uow, tenant, batch, taken.results, rejected, now=started)
    ended = clock()
    if batch.events:
        uow.session.add(
            SyncHistory(
                tenant_id=tenant,
                sync_type="push",
                status="partial" if rejected else "success",
                records_count=len(batch.events),
                results=counts,
                start_time=started,
                end_time=ended,
                checksum=checksum,
                error_message=", ".join(sorted({result.reason or "" for result in rejected})) or None,
            )
        )
    _status(uow, tenant, batch, ended)
    for name, count in counts.items():
        EVENTS.labels(name).inc(count)
    milliseconds = round((ended - started).total_seconds() * 1000, 1)
    log.info("sync.batch_applied", tenant=tenant, events=len(batch.events), ms=milliseconds, **counts)
    if batch.events:
        event = {"type": "sync.batch_applied", "tenant": tenant, "events": len(batch.events), **counts}
        uow.after_commit(lambda: bus.announce(event))
    return BatchAnswer(taken.results)


def _dead_letters(
    uow: UnitOfWork, tenant: TenantId, batch: Batch, results: list[Result], rejected: list[Result], *, now: datetime
) -> None:
    events: dict[Any, Event] = {event.id: event for event in batch.events} if rejected else {}
    reports = [
        *batch.dead_letters,
        *(
            DeadReport(
                event_id=result.id,
                event_type=events[result.id].type,
                reason=result.reason or "rejected",
                attempts=1,
                first_failed_at=now,
                last_failed_at=now,
            )
            for result in rejected
        ),
    ]
    if reports:
        dead_letters.bury(uow=uow, tenant=tenant, reports=reports)
    if batch.discarded:
        dead_letters.mark(
            uow=uow,
            tenant=tenant,
            events=batch.discarded,
            state="discarded",
            # A replay that came too late finds the event gone as well.
            before=("discard_requested", "replay_requested"),
        )
    if dead_letters.waiting(uow=uow, tenant=tenant):
        through = [result.id for result in results if result.result != "rejected"]
        dead_letters.mark(uow=uow, tenant=tenant, events=through, state="replayed", before=_UNSETTLED)


def _status(uow: UnitOfWork, tenant: TenantId, batch: Batch, now: datetime) -> None:
    values: dict[str, Any] = {"last_success_at": now, "updated_at": func.now()}
    if batch.backlog is not None:
        values |= {"backlog": batch.backlog.pending, "oldest_pending_at": batch.backlog.oldest_pending_at}
    uow.session.execute(
        update(TenantSyncStatus)
        .where(TenantSyncStatus.tenant_id == tenant)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
