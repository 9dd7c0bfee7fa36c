"""What goes over the wire between a hospital's worker and central: strict (an unknown field is refused) and bounded.

Names, phones, e-mail and numbers are sealed before they get here; the sizes leave room for the longest of them.
"""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from kernel.errors import InvalidFields
from kernel.text import N_

AUDIENCE: Final = "sokham-central-sync"
MAX_EVENTS: Final = 2_000
MAX_BODY_BYTES: Final = 16 * 1024 * 1024

NOT_A_BATCH: Final = N_("This is not a batch as the sync understands it.")

Code = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[a-z][a-z0-9_.]*$")]
Epoch = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Number = Annotated[int, Meta(ge=1, le=2**53)]
Outcome = Literal["applied", "duplicate", "stale", "rejected"]


class WireIdentifier(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One identifier as a blind index digest (32 bytes) under a version of the key, and sealed."""

    system: Literal["cccd", "cmnd", "bhyt", "passport"]
    key_version: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    digest: Annotated[bytes, Meta(min_length=32, max_length=32)]
    sealed: Annotated[str, Meta(min_length=1, max_length=500)]


class PatientState(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A patient as its hospital sees them. `metadata` is sealed under the batch's `dek_id`."""

    patient_global_id: UUID
    status: Literal["active", "inactive", "deceased"]
    metadata: Annotated[str, Meta(min_length=1, max_length=8_000)]
    identifiers: Annotated[list[WireIdentifier], Meta(max_length=32)]


class AuditHeadState(Struct, frozen=True, forbid_unknown_fields=True):
    """The signed head of a hospital's audit chain."""

    first: Annotated[int, Meta(ge=0, le=2**53)]
    last: Annotated[int, Meta(ge=0, le=2**53)]
    count: Annotated[int, Meta(ge=0, le=2**53)]
    digest: Annotated[str, Meta(max_length=200)]
    key_id: Annotated[str, Meta(max_length=100)]
    signature: Annotated[str, Meta(max_length=1_000)]


class AccessCountsState(Struct, frozen=True, forbid_unknown_fields=True):
    """How much access stood out at a hospital: what is new by kind, and what waits for somebody to look."""

    found: Annotated[dict[Code, Annotated[int, Meta(ge=1, le=2**31 - 1)]], Meta(min_length=1, max_length=32)]
    open: Annotated[int, Meta(ge=0, le=2**53)]


Count = Annotated[int, Meta(ge=0, le=2**53)]


class UsageDayState(Struct, frozen=True, forbid_unknown_fields=True):
    """How much a hospital was used on one of its days. What is None was not counted on that day."""

    day: date
    active_users: Count
    active_patients: Count
    total_patients: Count
    new_patients: Count
    total_appointments: Count
    completed_appointments: Count
    missed_appointments: Count
    queue_numbers: Count
    user_accounts: Count | None
    storage_used_mb: Count | None


class Event(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """One event. A patient's has `patient`, unless the patient is erased; an audit head's has `head`.

    Numbers of unusual access have `counts`, the figures of a day `usage`.
    """

    id: UUID
    type: Code
    aggregate_type: Literal["patient", "audit_seal", "access_counts", "usage_day"]
    aggregate_id: UUID
    epoch: Epoch
    n: Number
    patient: PatientState | None = None
    head: AuditHeadState | None = None
    counts: AccessCountsState | None = None
    usage: UsageDayState | None = None


class DeadReport(Struct, frozen=True, forbid_unknown_fields=True):
    """An event that the worker gave up: what central keeps of it for the console."""

    event_id: UUID
    event_type: Code
    reason: Code
    attempts: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    first_failed_at: datetime
    last_failed_at: datetime


class BacklogReport(Struct, frozen=True, forbid_unknown_fields=True):
    """How much waits at the hospital, and since when."""

    pending: Annotated[int, Meta(ge=0, le=2**53)]
    oldest_pending_at: datetime | None


class Batch(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The body of POST /api/v1/sync/batches. Whose it is, the token's key says. `dek_id` sealed all of it."""

    events: Annotated[list[Event], Meta(max_length=MAX_EVENTS)] = []
    dek_id: UUID | None = None
    dead_letters: Annotated[list[DeadReport], Meta(max_length=MAX_EVENTS)] = []
    discarded: Annotated[list[UUID], Meta(max_length=MAX_EVENTS)] = []
    backlog: BacklogReport | None = None


class Result(Struct, frozen=True, omit_defaults=True, gc=False):
    """The answer to one event. `patient_global_id` is who the patient is; `reason` says why it was rejected."""

    id: UUID
    result: Outcome
    patient_global_id: UUID | None = None
    reason: str | None = None


class BatchAnswer(Struct, frozen=True):
    """The answer to a batch: one result for each event, in their order."""

    results: list[Result]


class Change(Struct, frozen=True):
    """Something that central tells a hospital.

    settled `{patient_local_id, patient_global_id}`, merged `{from, into}`, replay and discard `{event_id}`.
    """

    kind: Literal["settled", "merged", "replay", "discard"]
    payload: dict[str, Any]


class ChangesAnswer(Struct, frozen=True):
    """The answer to GET /api/v1/sync/changes: `next_cursor` is where to go on, also when there was nothing."""

    items: list[Change]
    next_cursor: str


_batch = msgspec.json.Decoder(Batch)
_batch_answer = msgspec.json.Decoder(BatchAnswer)
_changes_answer = msgspec.json.Decoder(ChangesAnswer)
_encoder = msgspec.json.Encoder()

T = TypeVar("T")


def encode(message: Struct) -> bytes:
    """A message as JSON."""
    return _encoder.encode(message)


def read_batch(body: bytes) -> Batch:
    """Raises InvalidFields; what exactly was wrong is not repeated, for it may quote the body."""
    try:
        return _batch.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as err:
        raise InvalidFields("not a batch", errors={"_schema": [NOT_A_BATCH]}) from err


def read_batch_answer(body: bytes) -> BatchAnswer:
    """Raises msgspec.MsgspecError for what central would not have said."""
    return _batch_answer.decode(body)


def read_changes(body: bytes) -> ChangesAnswer:
    """Raises msgspec.MsgspecError for what central would not have said."""
    return _changes_answer.decode(body)


def identifier_place(system: str, key_version: int, digest: bytes) -> str:
    """The row id in the place of a sealed identifier: (hospital, `person_identifiers`, `sealed_value`, this)."""
    return f"{system}:{key_version}:{digest.hex()}"
