"""Looking a person up: with a reason, a daily cap, and an audit row that stands before the answer is given."""

from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import column, func, select, table, tuple_

from central.audit.public import AdminAuditLog, record
from central.patient_index.cccd import parse_cccd
from central.patient_index.errors import LookupCapReached
from central.patient_index.models import IndexEntry, PersonIdentifier
from kernel.clock import LOCAL_ZONE, Clock, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidFields
from kernel.text import N_, canonical
from kernel.web.actor import Actor
from keys.public import BlindIndex

ACTION: Final = "patient_index.lookup"
DAILY_CAP: Final = 50
REASON_LENGTH: Final = range(10, 501)

REASON_NEEDED: Final = N_("Say in 10 to 500 characters why you look this person up.")

# The registry stands beside this folder, so its table is named here and not its model.
_TENANTS = table("tenants", column("id"), column("tenant_code"))


class IndexHit(NamedTuple):
    """One hospital where the person has a book."""

    patient_global_id: UUID
    tenant_code: str
    patient_local_id: UUID
    updated_at: datetime


def lookup(
    *,
    uow: UnitOfWork,
    actor: Actor,
    blind_index: BlindIndex,
    cccd: str,
    reason: str,
    daily_cap: int = DAILY_CAP,
    clock: Clock = utc_now,
) -> list[IndexHit]:
    """The hospitals of the person with this CCCD; the caller commits, and answers only then.

    Where somebody is a patient is itself health data, so each lookup is in the audit log, found or not, with its reason
    and without the number. Raises InvalidCccd, InvalidFields (no reason), LookupCapReached.
    """
    why = canonical(reason)
    if len(why) not in REASON_LENGTH:
        raise InvalidFields(errors={"reason": [REASON_NEEDED]})
    number = parse_cccd(cccd)
    _within_cap(uow, actor, daily_cap, clock())
    digests = [("cccd", digest.version, digest.value) for digest in blind_index.digests("cccd", number.value)]
    person = uow.session.scalar(
        select(PersonIdentifier.person_id)
        .where(
            tuple_(PersonIdentifier.system, PersonIdentifier.key_version, PersonIdentifier.digest).in_(digests),
        )
        .limit(1)
    )
    record(uow=uow, actor=actor, action=ACTION, resource_type="person", resource_id=person, reason=why)
    uow.flush()
    if person is None:
        return []
    found = uow.session.execute(
        select(IndexEntry.patient_global_id, _TENANTS.c.tenant_code, IndexEntry.patient_local_id, IndexEntry.updated_at)
        .join(_TENANTS, _TENANTS.c.id == IndexEntry.tenant_id)
        .where(IndexEntry.patient_global_id == person)
        .order_by(_TENANTS.c.tenant_code, IndexEntry.patient_local_id)
    )
    return [IndexHit._make(row) for row in found]


def _within_cap(uow: UnitOfWork, actor: Actor, daily_cap: int, now: datetime) -> None:
    """Raises LookupCapReached. An administrator's lookups take turns, so that two at once do not count the same."""
    uow.session.execute(select(func.pg_advisory_xact_lock(actor.id.int & (1 << 63) - 1)))
    midnight = now.astimezone(LOCAL_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    done = uow.session.scalar(
        select(func.count()).where(
            AdminAuditLog.user_id == actor.id, AdminAuditLog.action == ACTION, AdminAuditLog.created_at >= midnight
        )
    )
    if (done or 0) >= daily_cap:
        raise LookupCapReached(retry_after=3600)
