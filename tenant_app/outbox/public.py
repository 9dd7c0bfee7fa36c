"""What other folders may use of the outbox."""

from central.sync.public import Doorbell, RedisDoorbell, with_doorbell
from tenant_app.outbox.payloads import access_counts_payload, audit_head_payload, patient_payload
from tenant_app.outbox.republishing import Snapshot, erasures, publish_again
from tenant_app.outbox.service import (
    ACCESS_COUNTS,
    AUDIT_SEAL,
    PATIENT,
    PATIENT_ERASED,
    USAGE_DAY,
    SyncStateMissing,
    publish,
)

__all__ = [
    "ACCESS_COUNTS",
    "AUDIT_SEAL",
    "PATIENT",
    "PATIENT_ERASED",
    "USAGE_DAY",
    "Doorbell",
    "RedisDoorbell",
    "Snapshot",
    "SyncStateMissing",
    "access_counts_payload",
    "audit_head_payload",
    "erasures",
    "patient_payload",
    "publish",
    "publish_again",
    "with_doorbell",
]
