"""Audit rows, sealers and tampering hands for the tests of the audit chain."""

from collections.abc import Iterable
from typing import Any

import psycopg
from sqlalchemy.exc import IntegrityError

from central import roles
from jobs.audit_keys import AuditKeys, audit_public_keys
from jobs.sealing.public import ChainedLog, NotedHead, Seal, Verification, hospital_log, seal_next, verify
from keys.public import Keychain
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital
from tests.support.waiting import wait_until

_INSERT = (
    "INSERT INTO audit_logs (actor_kind, portal, action, resource_type, resource_id, changed)"
    " VALUES ('staff', 'hospital', %s, 'patient', %s, '[\"phone\"]')"
)


def write_rows(connection: psycopg.Connection[Any], count: int, *, action: str = "patient.read") -> None:
    """Add audit rows in the connection's transaction, as the staff portal's role may."""
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT, [(action, str(number)) for number in range(count)])


def audit_keys(central: CentralDatabase, keychain: Keychain) -> AuditKeys:
    """The key of the sealer, made where there is none."""
    return AuditKeys(database=central.database(roles.SEAL), keychain=keychain)


def seal_some(hospital: Hospital, keys: AuditKeys, *, limit: int = 5_000) -> Seal | None:
    """One seal over what is complete now; None where nothing is, or somebody else was first."""
    try:
        with hospital.unit_of_work("seal") as uow:
            seal = seal_next(uow=uow, log_=hospital_log(hospital.tenant), key=keys.current(), limit=limit)
            uow.commit()
            return seal
    except IntegrityError:
        return None


def seal_all(hospital: Hospital, keys: AuditKeys, *, rows: int, limit: int = 5_000) -> list[Seal]:
    """Seal until so many rows are sealed: transactions of other tests on this server may hold them back a moment."""
    seals: list[Seal] = []

    def done() -> bool:
        if (seal := seal_some(hospital, keys, limit=limit)) is not None:
            seals.append(seal)
        return sum(each.body.row_count for each in seals) >= rows

    wait_until(done, seconds=30, what=f"{rows} sealed rows")
    return seals


def verified(hospital: Hospital, *, heads: Iterable[NotedHead] = ()) -> Verification:
    """What the verifier says of a hospital's chain."""
    return verified_log(hospital.central, hospital_log(hospital.tenant), hospital=hospital, heads=heads)


def verified_log(
    central: CentralDatabase, log: ChainedLog, *, hospital: Hospital | None = None, heads: Iterable[NotedHead] = ()
) -> Verification:
    """The same for any log; central's where no hospital is given."""
    database = central.database(roles.SEAL)
    with database.unit_of_work() as uow:
        keys = audit_public_keys(uow)
    with database.unit_of_work() if hospital is None else hospital.unit_of_work("seal") as uow:
        return verify(uow=uow, log=log, keys=keys, heads=heads)
