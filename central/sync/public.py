"""What other folders may use of the sync."""

from central.sync.dead_letters import DeadLetterView, Decision, decide, listed
from central.sync.doorbell import Doorbell, RedisBellListener, RedisDoorbell, Ring, ring_after_commit, with_doorbell
from central.sync.gate import WORKER_PERMISSION, WithWorkers, WorkerGate
from central.sync.keys import ensure_index_key, register_sync_key, retire_sync_key
from central.sync.models import DEAD_STATES, TenantUsageDay
from central.sync.service import SyncBus
from central.sync.standing import Standing, standing
from central.sync.wire import (
    AUDIENCE,
    MAX_EVENTS,
    AccessCountsState,
    AuditHeadState,
    BacklogReport,
    Batch,
    BatchAnswer,
    Change,
    ChangesAnswer,
    DeadReport,
    Event,
    PatientState,
    Result,
    UsageDayState,
    WireIdentifier,
    encode,
    identifier_place,
    read_batch_answer,
    read_changes,
)

__all__ = [
    "AUDIENCE",
    "DEAD_STATES",
    "MAX_EVENTS",
    "WORKER_PERMISSION",
    "AccessCountsState",
    "AuditHeadState",
    "BacklogReport",
    "Batch",
    "BatchAnswer",
    "Change",
    "ChangesAnswer",
    "DeadLetterView",
    "DeadReport",
    "Decision",
    "Doorbell",
    "Event",
    "PatientState",
    "RedisBellListener",
    "RedisDoorbell",
    "Result",
    "Ring",
    "Standing",
    "SyncBus",
    "TenantUsageDay",
    "UsageDayState",
    "WireIdentifier",
    "WithWorkers",
    "WorkerGate",
    "decide",
    "encode",
    "ensure_index_key",
    "identifier_place",
    "listed",
    "read_batch_answer",
    "read_changes",
    "register_sync_key",
    "retire_sync_key",
    "ring_after_commit",
    "standing",
    "with_doorbell",
]
