"""The wire is strict: what it does not know, or what is too large, is refused without being repeated."""

import json
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.sync import wire
from kernel.errors import InvalidFields


def batch(**changes: Any) -> dict[str, Any]:
    """A batch of one event that is accepted."""
    event = {
        "id": str(uuid4()),
        "type": "patient.changed",
        "aggregate_type": "patient",
        "aggregate_id": str(uuid4()),
        "epoch": 1,
        "n": 1,
        "patient": {
            "patient_global_id": str(uuid4()),
            "status": "active",
            "metadata": "s1.a.b",
            "identifiers": [{"system": "cccd", "key_version": 1, "digest": "A" * 43 + "=", "sealed": "s1.a.b"}],
        },
    }
    return {"events": [{**event, **changes}], "dek_id": str(uuid4())}


def test_what_is_right_is_read() -> None:
    read = wire.read_batch(json.dumps(batch()).encode())
    assert read.events[0].patient is not None
    assert read.events[0].patient.identifiers[0].digest == bytes(32)
    assert wire.read_batch(wire.encode(read)) == read


@pytest.mark.parametrize(
    "changes",
    [
        {"cccd": "079090001234"},
        {"n": 0},
        {"n": 2**53 + 1},
        {"n": "1"},
        {"epoch": 2**31},
        {"id": "none"},
        {"type": "Patient Changed"},
        {"type": "x" * 101},
        {"aggregate_type": "bill"},
        {"patient": {"full_name": "Nguyễn Văn An"}},
        {"patient": {**batch()["events"][0]["patient"], "metadata": "x" * 8_001}},
        {"patient": {**batch()["events"][0]["patient"], "status": "merged"}},
        {"patient": {**batch()["events"][0]["patient"], "full_name": "Nguyễn Văn An"}},
    ],
)
def test_what_is_not_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidFields) as refused:
        wire.read_batch(json.dumps(batch(**changes)).encode())
    assert refused.value.errors == {"_schema": [wire.NOT_A_BATCH]}
    assert "Nguyễn" not in str(refused.value)


def test_too_many_events_are_refused() -> None:
    with pytest.raises(InvalidFields):
        wire.read_batch(json.dumps({"events": batch()["events"] * (wire.MAX_EVENTS + 1)}).encode())


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: json.dumps(text).encode()))
def test_any_bytes_are_a_batch_or_refused(body: bytes) -> None:
    try:
        wire.read_batch(body)
        status = 200
    except InvalidFields as refused:
        status = refused.status
    assert status in {200, 422}
