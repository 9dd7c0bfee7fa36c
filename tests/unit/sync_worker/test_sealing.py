"""What leaves the hospital's side is sealed for its place, and found by digest."""

from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest

from central.sync.public import AccessCountsState, UsageDayState, encode, identifier_place
from kernel.ids import TenantId
from keys.public import (
    BlindIndex,
    DataKeyRow,
    FieldContext,
    Keychain,
    KeyRefused,
    LocalKeyring,
    Undecryptable,
    open_text,
    scopes,
)
from sync_worker.sealing import Sealer
from tenant_app.sync_public import Claimed

HERE, THERE = TenantId(str(uuid4())), TenantId(str(uuid4()))
CCCD = "079090001234"


class Keys:
    """Data keys in memory; read-only once `closed`, as the worker's."""

    def __init__(self) -> None:
        self.rows: list[DataKeyRow] = []
        self.closed = False

    def current(self, tenant: TenantId | None, scope: str) -> DataKeyRow | None:
        """The newest of this place."""
        return next((row for row in self.rows if (row.tenant_id, row.scope) == (tenant, scope)), None)

    def get(self, dek_id: UUID) -> DataKeyRow | None:
        """By id."""
        return next((row for row in self.rows if row.dek_id == dek_id), None)

    def add(self, row: DataKeyRow) -> None:
        """Keep it."""
        if self.closed:
            raise PermissionError("the worker adds no keys")
        self.rows.insert(0, row)

    def replace_wrapped(self, dek_id: UUID, wrapped: str, kek_version: int) -> None:
        """Never called here."""
        raise NotImplementedError


@pytest.fixture
def keychain(tmp_path: Path) -> Keychain:
    """Over a keyring of its own."""
    return Keychain(LocalKeyring.create(tmp_path / "keyring.json"))


@pytest.fixture
def keys(keychain: Keychain) -> Keys:
    """With one index key of one hospital."""
    store = Keys()
    keychain.current(store, tenant=HERE, scope=scopes.INDEX)
    store.closed = True
    return store


@pytest.fixture
def sealer(keychain: Keychain, keys: Keys) -> Sealer:
    """With two versions of the blind index key, as while it is exchanged."""
    return Sealer(keychain=keychain, keys=keys, blind_index=BlindIndex({1: bytes(32), 2: b"2" * 32}, current=2))


def claimed(payload: object, *, kind: str = "patient", event_type: str = "patient.changed") -> Claimed:
    text = payload if isinstance(payload, str) else msgspec.json.encode(payload).decode()
    return Claimed(uuid4(), kind, uuid4(), event_type, 1, 3, text, 0, datetime.now(UTC))


def patient(**changes: object) -> dict[str, object]:
    return {
        "patient_global_id": str(uuid4()),
        "status": "active",
        "metadata": {"full_name": "Nguyễn Văn An", "phone": "0912345678"},
        "identifiers": [{"system": "cccd", "value": CCCD}],
        **changes,
    }


def test_nothing_readable_goes_out_and_it_opens_only_in_its_place(
    sealer: Sealer, keychain: Keychain, keys: Keys
) -> None:
    row = claimed(patient())
    sealed = sealer.seal(HERE, [row])
    wire = encode(sealed.events[0])
    assert CCCD.encode() not in wire
    assert "Nguyễn".encode() not in wire
    assert b"0912345678" not in wire
    state = sealed.events[0].patient
    assert state is not None
    key = keychain.by_id(keys, sealed.dek_id, tenant=HERE, scope=scopes.INDEX)
    place = FieldContext(HERE, "central_patient_index", "metadata", row.aggregate_id)
    assert "Nguyễn Văn An" in open_text(state.metadata, key=key, context=place)
    with pytest.raises(Undecryptable):
        open_text(state.metadata, key=key, context=place._replace(row_id=uuid4()))
    for identifier in state.identifiers:
        where = identifier_place(identifier.system, identifier.key_version, identifier.digest)
        place = FieldContext(HERE, "person_identifiers", "sealed_value", where)
        assert open_text(identifier.sealed, key=key, context=place) == CCCD


def test_a_digest_for_each_version_of_the_key(sealer: Sealer) -> None:
    states = [event.patient for event in sealer.seal(HERE, [claimed(patient()), claimed(patient())]).events]
    digests = [{(item.key_version, item.digest) for item in state.identifiers} for state in states if state]
    assert digests[0] == digests[1]
    assert {version for version, _ in digests[0]} == {1, 2}


@pytest.mark.parametrize(
    "bad",
    [
        "{",
        "[]",
        {"full_name": "An"},
        patient(cccd=CCCD),
        patient(status="merged"),
        patient(metadata={"full_name": "x" * 5_000}),
        patient(identifiers=[{"system": "loyalty", "value": "1"}]),
        patient(patient_global_id="none"),
    ],
)
def test_a_bad_payload_is_set_aside_and_the_others_go(sealer: Sealer, bad: object) -> None:
    good, wrong = claimed(patient()), claimed(bad)
    sealed = sealer.seal(HERE, [wrong, good])
    assert [event.id for event in sealed.events] == [good.id]
    assert sealed.bad == [wrong]


def test_an_unknown_kind_is_set_aside(sealer: Sealer) -> None:
    assert len(sealer.seal(HERE, [claimed({}, kind="bill")]).bad) == 1


def test_an_erasure_carries_nothing(sealer: Sealer) -> None:
    event = sealer.seal(HERE, [claimed("{}", event_type="patient.erased")]).events[0]
    assert event.patient is None


def test_a_head_of_the_audit_chain_goes_as_it_is(sealer: Sealer) -> None:
    head = {"first": 1, "last": 2, "count": 2, "digest": "d", "key_id": "k", "signature": "s"}
    event = sealer.seal(HERE, [claimed(head, kind="audit_seal", event_type="audit.sealed")]).events[0]
    assert event.head is not None
    assert event.head.signature == "s"


def test_a_hospital_without_an_index_key_is_refused_and_no_key_is_made(sealer: Sealer, keys: Keys) -> None:
    with pytest.raises(KeyRefused):
        sealer.seal(THERE, [claimed(patient())])
    assert len(keys.rows) == 1


def test_numbers_of_unusual_access_go_out_as_they_are_and_names_do_not(sealer: Sealer) -> None:
    right = claimed({"found": {"many_hour": 2}, "open": 3}, kind="access_counts", event_type="audit.unusual")
    named = claimed(
        {"found": {"many_hour": 2}, "open": 3, "who": "Lê Thị Hoa"}, kind="access_counts", event_type="audit.unusual"
    )
    sealed = sealer.seal(HERE, [right, named])
    assert [event.counts for event in sealed.events] == [AccessCountsState({"many_hour": 2}, 3)]
    assert sealed.bad == [named]


def test_figures_of_a_day_go_out_as_they_are_and_what_is_no_figure_does_not(sealer: Sealer) -> None:
    figures = dict.fromkeys(UsageDayState.__struct_fields__[1:], 4) | {"storage_used_mb": None}
    right = claimed({"day": "2026-03-01", **figures}, kind="usage_day", event_type="usage.counted")
    named = claimed({"day": "2026-03-01", **figures, "who": "Lê Thị Hoa"}, kind="usage_day", event_type="usage.counted")
    below = claimed({"day": "2026-03-01", **figures, "new_patients": -1}, kind="usage_day", event_type="usage.counted")
    sealed = sealer.seal(HERE, [right, named, below])
    assert [event.usage for event in sealed.events] == [UsageDayState(date(2026, 3, 1), *(4,) * 9, None)]
    assert sealed.bad == [named, below]
