"""All that the sync worker may use of a hospital: the outbox's queue, the sync key, the doorbell."""

from tenant_app.outbox import queue
from tenant_app.outbox.queue import Backlog, Claimed, Failure
from tenant_app.outbox.service import ACCESS_COUNTS, AUDIT_SEAL, PATIENT, PATIENT_ERASED, USAGE_DAY
from tenant_app.outbox.signing import ensure_sync_key, sync_key

__all__ = [
    "ACCESS_COUNTS",
    "AUDIT_SEAL",
    "PATIENT",
    "PATIENT_ERASED",
    "USAGE_DAY",
    "Backlog",
    "Claimed",
    "Failure",
    "ensure_sync_key",
    "queue",
    "sync_key",
]
