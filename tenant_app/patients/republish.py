"""Telling central of all patients again, after it was restored to an earlier time or this hospital was."""

from typing import NamedTuple
from uuid import UUID

from kernel.database.unit_of_work import UnitOfWork
from tenant_app.outbox.public import erasures, publish_again
from tenant_app.patients import events, queries


class Step(NamedTuple):
    """One transaction's work: patients looked at, events added, and the last patient; None when there is none left."""

    patients: int
    events: int
    last: UUID | None


def republish(*, uow: UnitOfWork, after: UUID | None, limit: int) -> Step:
    """Publish the next `limit` patients as they are now, each with the version that it has.

    Central takes one that it does not have, or has an older version of, and answers the rest as stale. Nothing is
    locked: who is changed meanwhile is published by that change, with a higher version.
    """
    records = queries.records_after(uow=uow, after=after, limit=limit)
    gone = {each.aggregate_id for each in erasures(uow=uow, among=[record.patient.id for record in records])}
    snapshots = [
        events.snapshot(event_type=events.REPUBLISHED, patient=record.patient, identifiers=record.identifiers)
        for record in records
        if record.patient.id not in gone
    ]
    added = publish_again(uow=uow, snapshots=snapshots)
    return Step(len(records), added, records[-1].patient.id if records else None)


def republish_erasures(*, uow: UnitOfWork) -> int:
    """Publish again who was erased, so that a central that has forgotten it takes them out again; how many."""
    return publish_again(uow=uow, snapshots=erasures(uow=uow))
