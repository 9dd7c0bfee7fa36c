"""Credentials are rotated under readers that notice nothing; the old ones close afterwards."""

import threading
import time
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
import pytest

from central import roles
from central.provisioning import rotation as rotating
from central.provisioning.names import PURPOSES
from central.provisioning.operations import OperationUnknown
from central.provisioning.rotation import CredentialRotation
from central.registry.public import OperationRunning, TransitionRefused, Unannounced, credentials_of, suspend
from migrations import runner
from tests.integration.central.test_provisioning import Killed, expire_leases, kill_once, reserve_one
from tests.support.databases import CentralDatabase, hospital_server
from tests.support.hospitals import Hospital, HospitalMaker
from tests.support.waiting import wait_until

CACHED_SECONDS = 0.2


def rotation_of(hospital: Hospital, *, grace: timedelta = timedelta(0)) -> CredentialRotation:
    return CredentialRotation(
        central=hospital.central.database(roles.CONSOLE),
        keychain=hospital.keychain,
        server=hospital_server(hospital.central.servers),
        announcer=Unannounced(),
        grace=grace,
    )


class Reader(threading.Thread):
    """Connects again and again with a route that it looks up only now and then, as a process with a cache does."""

    def __init__(self, hospital: Hospital) -> None:
        super().__init__(daemon=True)
        self._hospital = hospital
        self._over = threading.Event()
        self.reads = 0
        self.users: set[str] = set()
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            with self._hospital.connect("app") as kept:
                while not self._over.is_set():
                    route, until = self._hospital.parameters("app"), time.monotonic() + CACHED_SECONDS
                    while time.monotonic() < until:
                        self._read(route)
                        kept.execute("SELECT tenant_id FROM hospital_identity")
        except Exception as err:  # noqa: BLE001 - kept for the test to see.
            self.error = err

    def _read(self, route: dict[str, Any]) -> None:
        with psycopg.connect(**route) as connection:
            connection.execute("SELECT tenant_id FROM hospital_identity")
        self.users.add(route["user"])
        self.reads += 1

    def stop(self) -> None:
        self._over.set()
        self.join(timeout=30)


def test_a_running_reader_sees_no_error(hospital: Hospital) -> None:
    rotation = rotation_of(hospital, grace=timedelta(seconds=3 * CACHED_SECONDS))
    reader = Reader(hospital)
    reader.start()

    def has_read(since: int) -> bool:
        return reader.error is not None or reader.reads > since

    for turn in (1, 2, 3):
        wait_until(partial(has_read, reader.reads), what="a read before the rotation")
        done = rotation.rotate(hospital.tenant)
        with pytest.raises(OperationRunning):
            rotation.rotate(hospital.tenant)

        def finished(operation: Any = done.operation_id) -> bool:
            try:
                rotation.finish(operation)
            except OperationRunning:
                return False
            return True

        wait_until(finished, what=f"the end of rotation {turn}")
    wait_until(partial(has_read, reader.reads + 3), what="reads after the rotations")
    reader.stop()
    assert reader.error is None
    assert reader.users == {f"{hospital.database_name}_app", f"{hospital.database_name}_app_b"}


def test_old_passwords_close_and_other_hospitals_feel_nothing(two_hospitals: tuple[Hospital, Hospital]) -> None:
    one, other = two_hospitals
    before = {purpose: one.parameters(purpose) for purpose in PURPOSES}
    others = {purpose: other.parameters(purpose) for purpose in PURPOSES}
    rotation = rotation_of(one)
    with one.connect("app") as kept:
        rotation.finish(rotation.rotate(one.tenant).operation_id)
        kept.execute("SELECT tenant_id FROM hospital_identity")
    for purpose in PURPOSES:
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(**before[purpose])
        with one.connect(purpose) as connection:
            connection.execute("SELECT 1")
        with psycopg.connect(**others[purpose]) as connection:
            connection.execute("SELECT 1")


def test_the_stand_in_has_the_rights_of_its_base_and_may_migrate(hospital: Hospital) -> None:
    rotation = rotation_of(hospital)
    rotation.finish(rotation.rotate(hospital.tenant).operation_id)
    with hospital.connect("app") as connection:
        connection.execute("SELECT count(*) FROM patients")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE hospital_identity SET tenant_id = gen_random_uuid()")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SET ROLE pg_database_owner")
    assert not runner.upgrade(hospital.parameters("migrate"), "tenant").changed


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", ["_prepare", "put_credentials", "announce_after_commit"])
def test_a_killed_rotation_goes_on(hospital: Hospital, monkeypatch: pytest.MonkeyPatch, name: str, after: bool) -> None:
    rotation = rotation_of(hospital)
    kill_once(monkeypatch, rotating, name, after=after)
    with pytest.raises(Killed):
        rotation.rotate(hospital.tenant)
    for purpose in PURPOSES:
        with hospital.connect(purpose) as connection:
            connection.execute("SELECT 1")
    expire_leases(hospital.central)
    (operation_id,) = rotation.unfinished()
    rotation.finish(operation_id)
    assert rotation.unfinished() == []
    with pytest.raises(OperationUnknown):
        rotation.finish(operation_id)
    for purpose in PURPOSES:
        with hospital.connect(purpose) as connection:
            connection.execute("SELECT 1")


def test_only_a_hospital_that_was_active_is_rotated(
    central: CentralDatabase, hospitals: HospitalMaker, hospital: Hospital
) -> None:
    operation_id = reserve_one(central, "bv-unready")
    with central.superuser() as connection:
        row = connection.execute("SELECT tenant_id FROM operations WHERE id = %s", (operation_id,)).fetchone()
    assert row is not None
    with pytest.raises(TransitionRefused):
        rotation_of(hospital).rotate(row[0])
    with central.database().unit_of_work() as uow:
        suspend(uow=uow, tenant=hospital.tenant, announcer=Unannounced())
        uow.commit()
    rotation_of(hospital).rotate(hospital.tenant)
    with central.database().unit_of_work() as uow:
        assert all(view.rotated_at for view in credentials_of(uow=uow, tenant=hospital.tenant))
