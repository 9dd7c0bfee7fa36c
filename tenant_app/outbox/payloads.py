"""The shapes of payloads: what a hospital's own database holds for the worker to seal. They leave it only sealed."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from central.patient_index.public import Identifier


def patient_payload(
    *,
    patient_global_id: UUID,
    status: str,
    full_name: str,
    date_of_birth: date,
    gender: str,
    phone: str | None,
    email: str | None,
    identifiers: Iterable[Identifier],
) -> dict[str, Any]:
    """A patient's snapshot for the index. `status` is active, inactive or deceased; `identifiers` those that hold now.

    `metadata` is what central keeps as ciphertext; identifiers become blind index digests and are sealed on their own.
    """
    return {
        "patient_global_id": str(patient_global_id),
        "status": status,
        "metadata": {
            "full_name": full_name,
            "date_of_birth": date_of_birth.isoformat(),
            "gender": gender,
            "phone": phone,
            "email": email,
        },
        "identifiers": [{"system": item.system, "value": item.value} for item in identifiers],
    }


def audit_head_payload(
    *, first: int, last: int, count: int, digest: str, key_id: str, signature: str
) -> dict[str, Any]:
    """The signed head of the audit chain: numbers of seals, digest and signature as text."""
    return {
        "first": first,
        "last": last,
        "count": count,
        "digest": digest,
        "key_id": key_id,
        "signature": signature,
    }


def access_counts_payload(*, found: Mapping[str, int], waiting: int) -> dict[str, Any]:
    """How many findings of unusual access are new by kind, and how many wait: numbers, and nobody's name."""
    return {"found": dict(found), "open": waiting}
