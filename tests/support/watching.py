"""Audit rows of any time, and the watcher that takes them."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select

from kernel.clock import LOCAL_ZONE, local_today
from tenant_app.unusual.models import AccessFinding
from tenant_app.unusual.public import watch
from tests.support.clinic import Clinic
from tests.support.waiting import wait_until

# Hospitals have room for this month and later ones: what happened before they were made, tests alone write down.
_ROOM_BEFORE = (
    "CREATE TABLE IF NOT EXISTS audit_logs_before PARTITION OF audit_logs"
    " FOR VALUES FROM (MINVALUE) TO (date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC')"
)
_INSERT = (
    "INSERT INTO audit_logs (created_at, actor_kind, user_id, portal, action, resource_type, patient_id)"
    " VALUES (%s, 'staff', %s, 'hospital', 'patient.read', 'patient', %s)"
)


def at(clock: str, *, days_ago: int = 0) -> datetime:
    """A moment of a day on the clock in Việt Nam."""
    return datetime.combine(local_today() - timedelta(days=days_ago), time.fromisoformat(clock), tzinfo=LOCAL_ZONE)


def opened(clinic: Clinic, user_id: UUID, patients: Iterable[UUID], moment: datetime) -> None:
    """Somebody opened these records, one a second from `moment` on."""
    with clinic.hospital.superuser() as connection, connection.cursor() as cursor:
        cursor.execute(_ROOM_BEFORE)
        cursor.executemany(
            _INSERT, [(moment + timedelta(seconds=turn), user_id, patient) for turn, patient in enumerate(patients)]
        )


def watched(clinic: Clinic) -> dict[str, int]:
    """Take all that waits; what was found new, by kind. Transactions of other tests may hold rows back a moment."""
    found: dict[str, int] = {}

    def step() -> bool:
        with clinic.uow("seal") as uow:
            done = watch(uow=uow, limit=500, most_days=2)
            uow.commit()
        for kind, count in done.found.items():
            found[kind] = found.get(kind, 0) + count
        with clinic.hospital.superuser() as connection:
            left = connection.execute(
                "SELECT count(*) FROM audit_logs, access_watch WHERE (xid, audit_logs.id) > (last_xid, last_id)"
            ).fetchone()
        return left == (0,)

    wait_until(step, seconds=30, what="all rows watched")
    return found


def findings(clinic: Clinic) -> list[AccessFinding]:
    """What stands out, by kind."""
    with clinic.uow() as uow:
        return list(uow.session.scalars(select(AccessFinding).order_by(AccessFinding.kind, AccessFinding.starts_at)))
