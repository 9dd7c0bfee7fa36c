"""Bringing one claimed batch to central, in one piece or in as many as it takes to find what does not pass."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import msgspec

from central.sync.public import BacklogReport, Batch, DeadReport, Event, Result, encode, read_batch_answer
from kernel.telemetry.logs import get_logger
from keys.public import SigningKey
from sync_worker import rules
from sync_worker.client import Answer, CentralClient
from sync_worker.rules import Step

log = get_logger(__name__)


@dataclass(slots=True)
class Delivered:
    """What became of a batch. `left` were not answered for; `stopped` says why (None: everything was)."""

    results: list[Result] = field(default_factory=list)
    refused: list[tuple[UUID, str]] = field(default_factory=list)
    failed: list[tuple[UUID, str]] = field(default_factory=list)
    left: list[UUID] = field(default_factory=list)
    stopped: Step | None = None
    retry_after: int | None = None


class Delivery:
    """Pushes for one hospital with its key."""

    def __init__(self, *, client: CentralClient, key: SigningKey) -> None:
        self._client = client
        self._key = key

    def deliver(self, events: Sequence[Event], *, dek_id: UUID, backlog: BacklogReport | None = None) -> Delivered:
        """Push events; halve what central cannot take, until what it cannot take stands alone.

        Alone and refused with 4xx, an event is wrong (`refused`). Alone and answered with 5xx, it is only at fault if
        central takes an empty batch right after (`failed`); otherwise central is ill, and nothing is anybody's fault.
        """
        done = Delivered()
        parts: list[Sequence[Event]] = [events]
        while parts:
            part = parts.pop()
            answer = self._push(Batch(events=list(part), dek_id=dek_id, backlog=backlog))
            backlog = None
            step = rules.step_after(answer.status)
            if step is Step.ACCEPTED and self._take(answer, part, done):
                continue
            if step is Step.HALVE and len(part) > 1:
                first, second = rules.halves(part)
                parts += [second, first]
                log.info("sync.batch_halved", status=answer.status, events=len(part))
                continue
            if step is Step.HALVE and part and self._alone(part[0], answer, done):
                continue
            done.stopped = Step.AWAY if step in {Step.ACCEPTED, Step.HALVE} else step
            done.retry_after = answer.retry_after
            done.left = [event.id for rest in (part, *parts) for event in rest]
            log.info("sync.push_stopped", step=done.stopped.value, status=answer.status, left=len(done.left))
        return done

    def report(
        self, *, dead: Sequence[DeadReport] = (), discarded: Sequence[UUID] = (), backlog: BacklogReport | None = None
    ) -> Answer:
        """Tell central what was given up or discarded, or only how much waits; no event goes with it."""
        return self._push(Batch(dead_letters=list(dead), discarded=list(discarded), backlog=backlog))

    def _alone(self, event: Event, answer: Answer, done: Delivered) -> bool:
        status = answer.status or 0
        if status < 500:
            done.refused.append((event.id, rules.reason_of(status)))
            return True
        if rules.step_after(self.report().status) is Step.ACCEPTED:
            done.failed.append((event.id, rules.reason_of(status)))
            return True
        return False

    @staticmethod
    def _take(answer: Answer, part: Sequence[Event], done: Delivered) -> bool:
        """Note the results; False for an answer that is not central's (a proxy's page, say)."""
        try:
            results = read_batch_answer(answer.body).results
        except msgspec.MsgspecError:
            return False
        if [result.id for result in results] != [event.id for event in part]:
            return False
        done.results += results
        return True

    def _push(self, batch: Batch) -> Answer:
        return self._client.push(key=self._key, body=encode(batch))


def dead_report(event: Event, *, reason: str, attempts: int, first: datetime, now: datetime) -> DeadReport:
    """What central keeps of an event that is given up."""
    return DeadReport(event.id, event.type, reason, attempts, first, now)
