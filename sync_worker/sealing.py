"""From an outbox row to the wire: what names a person is sealed and blinded before it leaves the hospital's side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from central.sync.public import (
    AccessCountsState,
    AuditHeadState,
    Event,
    PatientState,
    UsageDayState,
    WireIdentifier,
    identifier_place,
)
from kernel.ids import TenantId
from keys.public import BlindIndex, DataKey, DataKeyStore, FieldContext, Keychain, KeyRefused, scopes, seal
from tenant_app.sync_public import ACCESS_COUNTS, AUDIT_SEAL, PATIENT, PATIENT_ERASED, USAGE_DAY, Claimed

BAD_PAYLOAD: Final = "bad_payload"
_MAX_METADATA: Final = 4_000


class _Identifier(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    system: Literal["cccd", "cmnd", "bhyt", "passport"]
    value: Annotated[str, Meta(min_length=1, max_length=100)]


class _Patient(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    patient_global_id: UUID
    status: Literal["active", "inactive", "deceased"]
    metadata: msgspec.Raw
    identifiers: Annotated[list[_Identifier], Meta(max_length=16)]


_patient = msgspec.json.Decoder(_Patient)
_head = msgspec.json.Decoder(AuditHeadState)
_counts = msgspec.json.Decoder(AccessCountsState)
_usage = msgspec.json.Decoder(UsageDayState)


@dataclass(frozen=True, slots=True)
class SealedEvents:
    """Claimed events ready to push: all sealed under one data key. `bad` are those whose payload is none."""

    dek_id: UUID
    events: list[Event]
    bad: list[Claimed]


class Sealer:
    """Seals events of any hospital; the data keys come from central through route functions."""

    def __init__(self, *, keychain: Keychain, keys: DataKeyStore, blind_index: BlindIndex) -> None:
        self._keychain = keychain
        self._keys = keys
        self._blind_index = blind_index

    def seal(self, tenant: TenantId, claimed: Sequence[Claimed]) -> SealedEvents:
        """Seal what was claimed of one hospital; raises KeyRefused, KeySourceUnavailable, RoutesUnavailable."""
        try:
            key = self._keychain.current(self._keys, tenant=tenant, scope=scopes.INDEX)
        except PermissionError as err:
            # The store is read-only: central makes a hospital's index key when it makes the hospital.
            raise KeyRefused("the hospital has no index key") from err
        events, bad = [], []
        for row in claimed:
            try:
                events.append(self._event(tenant, key, row))
            except (msgspec.MsgspecError, _NotAnEvent):
                bad.append(row)
        return SealedEvents(key.dek_id, events, bad)

    def _event(self, tenant: TenantId, key: DataKey, row: Claimed) -> Event:
        if row.aggregate_type == PATIENT:
            patient = None if row.event_type == PATIENT_ERASED else self._patient(tenant, key, row)
            return Event(row.id, row.event_type, PATIENT, row.aggregate_id, row.epoch, row.n, patient)
        if row.aggregate_type == AUDIT_SEAL:
            head = _head.decode(row.payload)
            return Event(row.id, row.event_type, AUDIT_SEAL, row.aggregate_id, row.epoch, row.n, None, head)
        if row.aggregate_type == ACCESS_COUNTS:
            counts = _counts.decode(row.payload)
            return Event(row.id, row.event_type, ACCESS_COUNTS, row.aggregate_id, row.epoch, row.n, None, None, counts)
        if row.aggregate_type == USAGE_DAY:
            usage = _usage.decode(row.payload)
            return Event(row.id, row.event_type, USAGE_DAY, row.aggregate_id, row.epoch, row.n, usage=usage)
        raise _NotAnEvent

    def _patient(self, tenant: TenantId, key: DataKey, row: Claimed) -> PatientState:
        payload = _patient.decode(row.payload)
        plain = bytes(payload.metadata)
        if len(plain) > _MAX_METADATA:
            raise _NotAnEvent
        place = FieldContext(tenant, "central_patient_index", "metadata", row.aggregate_id)
        identifiers = [
            self._identifier(tenant, key, item.system, item.value, version, digest)
            for item in payload.identifiers
            for version, digest in self._blind_index.digests(item.system, item.value)
        ]
        return PatientState(payload.patient_global_id, payload.status, seal(plain, key=key, context=place), identifiers)

    def _identifier(
        self,
        tenant: TenantId,
        key: DataKey,
        system: Literal["cccd", "cmnd", "bhyt", "passport"],
        value: str,
        version: int,
        digest: bytes,
    ) -> WireIdentifier:
        place = FieldContext(tenant, "person_identifiers", "sealed_value", identifier_place(system, version, digest))
        return WireIdentifier(system, version, digest, seal(value, key=key, context=place))


class _NotAnEvent(Exception):
    """The row is of a kind that central does not know, or too large."""
