"""Taking a batch: in one transaction, each event once, only what is newer, and nothing that was erased."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from central.audit.public import security_event
from central.sync import rules
from central.sync.rules import DigestKey, Keyed, Person, PersonFinder, Verdict, keyed
from central.sync.store import Batches, NewEntry, Present
from central.sync.wire import Batch, Event, PatientState, Result
from kernel.clock import local_today
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import Unavailable
from kernel.ids import TenantId, new_global_id
from kernel.telemetry.logs import get_logger

log = get_logger(__name__)

_TRIES: Final = 5


@dataclass(slots=True)
class Taken:
    """What became of a batch: the answer to each event, in their order, and which persons changed."""

    results: list[Result]
    persons: set[UUID] = field(default_factory=set)

    def of(self, outcome: str) -> list[Result]:
        """The results of one kind."""
        return [result for result in self.results if result.result == outcome]


def take(*, uow: UnitOfWork, tenant: TenantId, batch: Batch, now: datetime) -> Taken:
    """Apply a batch of `tenant`; see `rules` for what becomes of which event.

    A hospital's batches go one after another; two hospitals' meet only where they know the same person. Raises
    Unavailable when others were first with the same persons several times over.
    """
    store = Batches(uow, tenant)
    store.take_turn(now)
    events = batch.events
    if not events:
        return Taken([])
    patients = list({event.aggregate_id for event in events if event.aggregate_type == "patient"})
    present = store.present(patients)
    verdicts = _judge(store, batch, present, patients, tomorrow=local_today(now) + timedelta(days=1))
    verdicts = _once(store, events, verdicts)
    verdicts = _heads(store, events, verdicts)
    verdicts = _days(store, events, verdicts)
    _note_counts(uow, tenant, events, verdicts)
    chosen = [
        event
        for event, verdict in zip(events, verdicts, strict=True)
        if verdict.outcome == "apply" and event.aggregate_type == "patient"
    ]
    persons = _apply(uow, store, batch, chosen, present)
    return _answer(events, verdicts, present, persons)


def _judge(
    store: Batches, batch: Batch, present: dict[UUID, Present], patients: list[UUID], *, tomorrow: date
) -> list[Verdict]:
    events = batch.events
    right = [rules.shape_is_right(event) for event in events]
    judged = iter(
        rules.judge_versions(
            [event for event, good in zip(events, right, strict=True) if good and event.aggregate_type == "patient"],
            current={patient: entry.version for patient, entry in present.items()},
            tombstones=store.tombstones(patients) if patients else (),
            epoch=store.epoch(),
        )
    )
    sealed = batch.dek_id is not None and store.seals_with(batch.dek_id)
    verdicts = []
    for event, good in zip(events, right, strict=True):
        verdict = next(judged) if good and event.aggregate_type == "patient" else rules.APPLY
        if not good:
            verdict = Verdict("rejected", rules.REASON_SHAPE)
        elif event.usage is not None and event.usage.day > tomorrow:
            verdict = Verdict("rejected", rules.REASON_DAY)
        elif event.patient is not None and not sealed:
            verdict = Verdict("rejected", rules.REASON_KEY)
        verdicts.append(verdict)
    return verdicts


def _once(store: Batches, events: Sequence[Event], verdicts: list[Verdict]) -> list[Verdict]:
    """Enter what is not rejected into the inbox; what was there before is a duplicate."""
    kept: dict[UUID, str] = {}
    for event, verdict in zip(events, verdicts, strict=True):
        if verdict.outcome != "rejected":
            kept.setdefault(event.id, "applied" if verdict.outcome == "apply" else "stale")
    fresh = store.remember(list(kept), list(kept.values())) if kept else set()
    once = []
    for event, verdict in zip(events, verdicts, strict=True):
        if verdict.outcome != "rejected" and event.id not in fresh:
            once.append(Verdict("duplicate"))
        else:
            once.append(verdict)
            # The same event twice in one batch: the second is a duplicate of the first.
            fresh.discard(event.id)
    return once


def _heads(store: Batches, events: Sequence[Event], verdicts: list[Verdict]) -> list[Verdict]:
    checked = list(verdicts)
    for place, (event, verdict) in enumerate(zip(events, verdicts, strict=True)):
        if event.head is not None and verdict.outcome == "apply":
            head = msgspec.to_builtins(event.head)
            if not store.put_head(event, head):
                checked[place] = Verdict("rejected", rules.REASON_HEAD)
    return checked


def _days(store: Batches, events: Sequence[Event], verdicts: list[Verdict]) -> list[Verdict]:
    """Keep the newest figures of each day; older ones that come late change nothing."""
    return [
        Verdict("stale")
        if event.usage is not None and verdict.outcome == "apply" and not store.put_usage(event, event.usage)
        else verdict
        for event, verdict in zip(events, verdicts, strict=True)
    ]


def _note_counts(uow: UnitOfWork, tenant: TenantId, events: Sequence[Event], verdicts: list[Verdict]) -> None:
    """Unusual access at a hospital is a security event here: how many of which kind, and nobody's name."""
    for event, verdict in zip(events, verdicts, strict=True):
        if event.counts is not None and verdict.outcome == "apply":
            details = {**event.counts.found, "open": event.counts.open}
            security_event(uow=uow, event="unusual_access", risk="medium", tenant=tenant, details=details)


def _apply(
    uow: UnitOfWork, store: Batches, batch: Batch, chosen: Sequence[Event], present: dict[UUID, Present]
) -> dict[UUID, UUID]:
    """Write what was chosen; who each patient is from now on."""
    erased = [event for event in chosen if event.type == rules.ERASED]
    changed = [event for event in chosen if event.type != rules.ERASED]
    persons: dict[UUID, UUID] = {}
    touched: set[UUID] = set()
    if changed and batch.dek_id is not None:
        decided = _decide_persons(uow, store, changed, present, batch.dek_id)
        entries = [NewEntry(event, decided[event.aggregate_id].id) for event in changed]
        store.put(entries, batch.dek_id)
        for event in changed:
            person, before = decided[event.aggregate_id], present.get(event.aggregate_id)
            persons[event.aggregate_id] = person.id
            if before is None and not person.new:
                touched.add(person.id)
            if before is not None and before.person != person.id:
                touched |= {before.person} if person.new else {before.person, person.id}
    if erased:
        store.erase(erased)
        touched |= {present[event.aggregate_id].person for event in erased if event.aggregate_id in present}
    if touched:
        store.touch_persons(touched)
    return persons


def _decide_persons(
    uow: UnitOfWork, store: Batches, changed: Sequence[Event], present: dict[UUID, Present], dek: UUID
) -> dict[UUID, Person]:
    """Find or make the persons. When others make the same ones at the same time, one wins and the rest start over."""
    for attempt in range(_TRIES):
        savepoint = uow.session.begin_nested()
        decided = _find(store, changed, present)
        attached = [(person.id, item) for person in decided.values() for item in person.attach]
        made = list({person.id for person in decided.values() if person.new})
        # Identifiers first: waiting for another hospital's happens there, before there is anything to take back.
        if (not attached or store.attach(attached, dek)) and (not made or store.add_persons(made)):
            savepoint.commit()
            return decided
        savepoint.rollback()
        log.info("sync.person_race", attempt=attempt + 1)
    raise Unavailable("others make the same persons all the time", retry_after=1)


def _find(store: Batches, changed: Sequence[Event], present: dict[UUID, Present]) -> dict[UUID, Person]:
    states = [
        (event, event.patient, keyed(event.patient.identifiers)) for event in changed if event.patient is not None
    ]
    digests = {item.key for _, _, identifiers in states for item in identifiers}
    found = store.persons_of(digests) if digests else {}
    doubtful = _doubtful(states, present, found)
    finder = PersonFinder(
        found=found,
        held=store.digests_of(doubtful) if doubtful else {},
        taken=store.existing_persons([patient.patient_global_id for _, patient, _ in states]),
        fresh_id=new_global_id,
    )
    decided: dict[UUID, Person] = {}
    for event, patient, identifiers in states:
        before = present.get(event.aggregate_id)
        decided[event.aggregate_id] = finder.decide(
            proposed=patient.patient_global_id, present=before.person if before else None, identifiers=identifiers
        )
    return decided


def _doubtful(
    states: Sequence[tuple[Event, PatientState, Sequence[Keyed]]],
    present: dict[UUID, Present],
    found: dict[DigestKey, UUID],
) -> set[UUID]:
    """The persons whose other numbers matter: found by a weak kind, or held from before without a strong match."""
    strongest = rules.STRENGTH[0]
    persons = {person for key, person in found.items() if key.system != strongest}
    for event, _, identifiers in states if present else ():
        before = present.get(event.aggregate_id)
        sure = any(key.system == strongest and key in found for key, _ in identifiers)
        if before is not None and not sure:
            persons.add(before.person)
    return persons


def _answer(
    events: Sequence[Event], verdicts: Sequence[Verdict], present: dict[UUID, Present], persons: dict[UUID, UUID]
) -> Taken:
    known = {patient: entry.person for patient, entry in present.items()} | persons
    gone = {
        event.aggregate_id
        for event, verdict in zip(events, verdicts, strict=True)
        if event.type == rules.ERASED and verdict.outcome == "apply"
    }
    results = []
    for event, verdict in zip(events, verdicts, strict=True):
        person = None if event.aggregate_id in gone else known.get(event.aggregate_id)
        match verdict.outcome:
            case "apply":
                results.append(Result(event.id, "applied", person))
            case "stale":
                results.append(Result(event.id, "stale", person))
            case "duplicate":
                results.append(Result(event.id, "duplicate", person))
            case _:
                results.append(Result(event.id, "rejected", reason=verdict.reason))
    return Taken(results, set(persons.values()))
