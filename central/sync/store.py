"""The ingest's SQL: each statement takes or gives a whole batch, by arrays and `unnest`. Nothing is decided here.

Arrays go in binary (`%b`): as text each element would be searched for what must be quoted, which took half the time.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from central.sync.rules import DigestKey, Version
from central.sync.wire import Event, UsageDayState, WireIdentifier
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from keys.public import scopes


class Present(NamedTuple):
    """What the index holds of a patient."""

    person: UUID
    version: Version


class NewEntry(NamedTuple):
    """A patient's event that is to be applied, and who the patient is."""

    event: Event
    person: UUID


class Batches:
    """The tables of the index and the inbox, for one hospital, in the caller's transaction."""

    def __init__(self, uow: UnitOfWork, tenant: TenantId) -> None:
        self._connection = uow.session.connection()
        self._tenant = tenant

    def take_turn(self, now: datetime) -> None:
        """Wait until this hospital's other batches are through: from here on nobody else writes for it.

        Statements are planned for the batch at hand: a plan that a connection remembers from when the index was small
        would read all of it.
        """
        self._run("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)", ())
        self._run(
            "INSERT INTO tenant_sync_status (tenant_id, last_push_at) VALUES (%s, %s)"
            " ON CONFLICT (tenant_id) DO UPDATE SET last_push_at = EXCLUDED.last_push_at",
            (self._tenant, now),
        )

    def epoch(self) -> int:
        """The hospital's epoch, as the registry has it."""
        return int(self._rows("SELECT epoch FROM tenants WHERE id = %s", (self._tenant,))[0][0])

    def seals_with(self, dek: UUID) -> bool:
        """Whether this data key is one of the hospital's index keys, so that what it sealed can be opened again."""
        found = self._rows(
            "SELECT 1 FROM data_keys WHERE dek_id = %s AND tenant_id = %s AND scope = %s",
            (dek, self._tenant, scopes.INDEX),
        )
        return bool(found)

    def present(self, patients: list[UUID]) -> dict[UUID, Present]:
        """What the index holds of these patients."""
        rows = self._rows(
            "SELECT patient_local_id, patient_global_id, epoch, n FROM central_patient_index"
            " WHERE tenant_id = %s AND patient_local_id = ANY (%b)",
            (self._tenant, patients),
        )
        return {row[0]: Present(row[1], Version(row[2], row[3])) for row in rows}

    def tombstones(self, patients: list[UUID]) -> set[UUID]:
        """Which of these were erased."""
        rows = self._rows(
            "SELECT patient_local_id FROM patient_tombstones WHERE tenant_id = %s AND patient_local_id = ANY (%b)",
            (self._tenant, patients),
        )
        return {row[0] for row in rows}

    def remember(self, events: Sequence[UUID], results: Sequence[str]) -> set[UUID]:
        """Put events into the inbox; the ones that had not been there."""
        rows = self._rows(
            "INSERT INTO sync_inbox (tenant_id, event_id, result)"
            " SELECT %s, e.id, e.result FROM unnest(%b::uuid[], %b::text[]) AS e (id, result)"
            " ON CONFLICT DO NOTHING RETURNING event_id",
            (self._tenant, list(events), list(results)),
        )
        return {row[0] for row in rows}

    def persons_of(self, digests: Collection[DigestKey]) -> dict[DigestKey, UUID]:
        """The persons that are known by these digests."""
        rows = self._rows(
            "SELECT i.system, i.key_version, i.digest, i.person_id"
            " FROM unnest(%b::text[], %b::int[], %b::bytea[]) AS d (system, key_version, digest)"
            " JOIN person_identifiers i ON i.system = d.system AND i.key_version = d.key_version"
            " AND i.digest = d.digest",
            _columns(digests),
        )
        return {DigestKey(row[0], row[1], bytes(row[2])): row[3] for row in rows}

    def digests_of(self, persons: Iterable[UUID]) -> dict[UUID, set[DigestKey]]:
        """The digests by which these persons are known."""
        rows = self._rows(
            "SELECT person_id, system, key_version, digest FROM person_identifiers WHERE person_id = ANY (%b)",
            (list(persons),),
        )
        held: dict[UUID, set[DigestKey]] = {}
        for person, system, key_version, digest in rows:
            held.setdefault(person, set()).add(DigestKey(system, key_version, bytes(digest)))
        return held

    def existing_persons(self, persons: list[UUID]) -> set[UUID]:
        """Which of these ids are persons already."""
        return {row[0] for row in self._rows("SELECT id FROM persons WHERE id = ANY (%b)", (persons,))}

    def attach(self, identifiers: Sequence[tuple[UUID, WireIdentifier]], dek: UUID) -> bool:
        """Make identifiers their persons'; False when another hospital was first with one of them.

        In one order everywhere, so that two hospitals that push the same people do not wait for each other in a ring.
        """
        ordered = sorted(identifiers, key=lambda pair: (pair[1].system, pair[1].key_version, pair[1].digest))
        rows = self._rows(
            "INSERT INTO person_identifiers (person_id, system, key_version, digest, sealed_value, dek_id)"
            " SELECT i.person_id, i.system, i.key_version, i.digest, i.sealed, %s"
            " FROM unnest(%b::uuid[], %b::text[], %b::int[], %b::bytea[], %b::text[])"
            " AS i (person_id, system, key_version, digest, sealed)"
            " ON CONFLICT DO NOTHING RETURNING 1",
            (
                dek,
                [person for person, _ in ordered],
                [item.system for _, item in ordered],
                [item.key_version for _, item in ordered],
                [item.digest for _, item in ordered],
                [item.sealed for _, item in ordered],
            ),
        )
        return len(rows) == len(ordered)

    def add_persons(self, persons: list[UUID]) -> bool:
        """Make persons; False when one of the ids was taken meanwhile."""
        rows = self._rows(
            "INSERT INTO persons (id) SELECT unnest(%b::uuid[]) ON CONFLICT DO NOTHING RETURNING 1", (sorted(persons),)
        )
        return len(rows) == len(persons)

    def touch_persons(self, persons: Collection[UUID]) -> None:
        """The set of these persons' hospitals has changed: caches of it with a lower version lose."""
        self._run(
            "UPDATE persons SET version = version + 1, updated_at = now()"
            " WHERE id IN (SELECT p.id FROM persons p WHERE p.id = ANY (%b) ORDER BY p.id FOR NO KEY UPDATE)",
            (sorted(persons),),
        )

    def put(self, entries: Sequence[NewEntry], dek: UUID) -> None:
        """Add or change index entries; one with a version not above the present one changes nothing."""
        states = [(entry.event.patient, entry) for entry in entries]
        self._run(
            "INSERT INTO central_patient_index AS present (patient_global_id, tenant_id, patient_local_id,"
            " metadata_encrypted, encryption_key_id, status, epoch, n)"
            " SELECT e.person, %s, e.patient, e.metadata, %s, e.status, e.epoch, e.n"
            " FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::text[], %b::int[], %b::bigint[])"
            " AS e (person, patient, metadata, status, epoch, n)"
            " ON CONFLICT (tenant_id, patient_local_id) DO UPDATE SET patient_global_id = EXCLUDED.patient_global_id,"
            " metadata_encrypted = EXCLUDED.metadata_encrypted, encryption_key_id = EXCLUDED.encryption_key_id,"
            " status = EXCLUDED.status, epoch = EXCLUDED.epoch, n = EXCLUDED.n, updated_at = now()"
            " WHERE (EXCLUDED.epoch, EXCLUDED.n) > (present.epoch, present.n)",
            (
                self._tenant,
                dek,
                [entry.person for entry in entries],
                [entry.event.aggregate_id for entry in entries],
                [state.metadata if state else "" for state, _ in states],
                [state.status if state else "" for state, _ in states],
                [entry.event.epoch for entry in entries],
                [entry.event.n for entry in entries],
            ),
        )

    def erase(self, events: Sequence[Event]) -> None:
        """Take patients out of the index, for good."""
        patients = [event.aggregate_id for event in events]
        self._run(
            "INSERT INTO patient_tombstones (tenant_id, patient_local_id, epoch, n)"
            " SELECT %s, t.patient, t.epoch, t.n FROM unnest(%b::uuid[], %b::int[], %b::bigint[])"
            " AS t (patient, epoch, n) ON CONFLICT DO NOTHING",
            (self._tenant, patients, [event.epoch for event in events], [event.n for event in events]),
        )
        self._run(
            "DELETE FROM central_patient_index WHERE tenant_id = %s AND patient_local_id = ANY (%b)",
            (self._tenant, patients),
        )

    def put_head(self, event: Event, head: dict[str, Any]) -> bool:
        """Keep the head of the hospital's audit chain; False when another one stands at this place."""
        key = (self._tenant, event.epoch, event.n)
        self._run(
            "INSERT INTO hospital_audit_heads (tenant_id, epoch, n, head) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            (*key, Jsonb(head)),
        )
        stored = self._rows("SELECT head FROM hospital_audit_heads WHERE tenant_id = %s AND epoch = %s AND n = %s", key)
        return bool(stored[0][0] == head)

    def put_usage(self, event: Event, usage: UsageDayState) -> bool:
        """Keep the figures of one of the hospital's days; False when newer ones stand there."""
        figures = {name: value for name, value in msgspec.structs.asdict(usage).items() if name != "day"}
        columns = ", ".join(figures)
        changed = ", ".join(f"{name} = EXCLUDED.{name}" for name in (*figures, "epoch", "n"))
        rows = self._rows(
            f"INSERT INTO tenant_usage_stats AS present (tenant_id, date, epoch, n, {columns})"  # noqa: S608  # names of the struct's fields
            f" VALUES (%s, %s, %s, %s{', %s' * len(figures)})"
            f" ON CONFLICT (tenant_id, date) DO UPDATE SET {changed}, updated_at = now()"
            " WHERE (EXCLUDED.epoch, EXCLUDED.n) > (present.epoch, present.n) RETURNING 1",
            (self._tenant, usage.day, event.epoch, event.n, *figures.values()),
        )
        return bool(rows)

    def _run(self, statement: str, arguments: tuple[Any, ...]) -> None:
        self._connection.exec_driver_sql(statement, arguments)

    def _rows(self, statement: str, arguments: tuple[Any, ...]) -> Sequence[Any]:
        return self._connection.exec_driver_sql(statement, arguments).fetchall()


def _columns(digests: Collection[DigestKey]) -> tuple[list[str], list[int], list[bytes]]:
    ordered = list(digests)
    return [key.system for key in ordered], [key.key_version for key in ordered], [key.digest for key in ordered]
