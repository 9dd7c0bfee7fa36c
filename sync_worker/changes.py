"""What central tells a hospital: settled ids, merges, and administrators' decisions on dead letters."""

from uuid import UUID

import msgspec

from central.sync.public import Change, read_changes
from kernel.ids import TenantId
from kernel.telemetry.logs import get_logger
from keys.public import SigningKey
from sync_worker import rules
from sync_worker.client import Answer, CentralClient
from sync_worker.delivery import Delivery
from sync_worker.ports import Hospitals
from sync_worker.rules import Step
from tenant_app.sync_public import queue

log = get_logger(__name__)


class ChangesWork:
    """Fetches and applies one hospital's changes. Each can be applied again: the cursor moves last."""

    def __init__(self, *, tenant: TenantId, hospitals: Hospitals, client: CentralClient, key: SigningKey) -> None:
        self._tenant = tenant
        self._hospitals = hospitals
        self._client = client
        self._key = key

    def fetch(self) -> tuple[Step, int | None, bool]:
        """Apply all there is: how it ended, after how many seconds central wants to be asked again, any replay."""
        replayed = False
        while True:
            with self._hospitals.unit_of_work(self._tenant) as uow:
                cursor = queue.changes_cursor(uow=uow)
            answer = self._client.changes(key=self._key, cursor=cursor)
            step = rules.step_after(answer.status)
            if step is not Step.ACCEPTED:
                return _ended(answer), answer.retry_after, replayed
            try:
                page = read_changes(answer.body)
            except msgspec.MsgspecError:
                return Step.AWAY, None, replayed
            if not page.items:
                return Step.ACCEPTED, None, replayed
            replayed |= any(change.kind == "replay" for change in page.items)
            stopped = self._page(page.items, page.next_cursor)
            if stopped is not None:
                return _ended(stopped), stopped.retry_after, replayed

    def _page(self, changes: list[Change], next_cursor: str) -> Answer | None:
        """Apply one page, tell central what was dropped, and only then move on; its answer where that was no yes."""
        gone: list[UUID] = []
        with self._hospitals.unit_of_work(self._tenant) as uow:
            for change in changes:
                match change.kind:
                    case "settled":
                        patient = UUID(change.payload["patient_local_id"])
                        queue.settle_person(uow=uow, patient=patient, person=UUID(change.payload["patient_global_id"]))
                    case "merged":
                        queue.merge_person(uow=uow, old=UUID(change.payload["from"]), into=UUID(change.payload["into"]))
                    case "replay" | "discard":
                        event = UUID(change.payload["event_id"])
                        state = queue.decide(uow=uow, event=event, decision=change.kind)
                        if state in {None, "discarded"}:
                            gone.append(event)
                        log.info("sync.decision_applied", tenant=self._tenant, event_id=str(event), state=state)
            uow.commit()
        if gone:
            answer = Delivery(client=self._client, key=self._key).report(discarded=gone)
            if rules.step_after(answer.status) is not Step.ACCEPTED:
                return answer
        with self._hospitals.unit_of_work(self._tenant) as uow:
            queue.store_changes_cursor(uow=uow, cursor=next_cursor)
            uow.commit()
        return None


def _ended(answer: Answer) -> Step:
    """There is nothing here to halve: what central cannot answer now, it may later."""
    step = rules.step_after(answer.status)
    return Step.AWAY if step is Step.HALVE else step
