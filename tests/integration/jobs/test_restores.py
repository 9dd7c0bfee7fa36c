"""A hospital restored from a backup, as `sokham audit verify` sees it: on record, or not, or tampered with as well."""

import json
import threading
from dataclasses import dataclass
from typing import Any

import pytest

from central import roles
from jobs.job import Run
from jobs.sealing.public import HeadFile, Sealer
from keys.public import Keychain
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital
from tests.support.jobs import JobsRunners
from tests.support.sealing import audit_keys, write_rows
from tests.support.waiting import wait_until


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """A hospital whose rows are sealed and whose heads are noted, one by one."""

    hospital: Hospital
    central: CentralDatabase
    sealer: Sealer
    runners: JobsRunners

    def write(self, rows: int) -> None:
        """As many seals as rows."""
        for _ in range(rows):
            with self.hospital.connect() as connection:
                write_rows(connection, 1)
            before = self.seals()
            wait_until(lambda: self._seal() and self.seals() > before, seconds=30)  # noqa: B023 - waited for here.

    def seal_central(self) -> None:
        """Until nothing of central's waits."""
        wanted = "SELECT count(*) FROM admin_audit_logs"
        sealed = "SELECT coalesce(sum(row_count), 0) FROM audit_seals WHERE table_name = 'admin_audit_logs'"

        def done() -> bool:
            self.sealer.central(open_uow=self.central.database(roles.SEAL).unit_of_work, run=a_run())
            with self.central.superuser() as connection:
                return connection.execute(wanted).fetchone() == connection.execute(sealed).fetchone()

        wait_until(done, seconds=30)

    def seals(self) -> int:
        with self.hospital.superuser() as connection:
            row = connection.execute("SELECT count(*) FROM audit_seals").fetchone()
        assert row is not None
        return int(row[0])

    def take_back(self, *, to: int) -> None:
        """What a restore from an older backup leaves: seals up to `to`, and the rows that they cover."""
        with self.hospital.superuser() as connection:
            connection.execute(
                "DELETE FROM audit_logs WHERE (xid, id) >"
                " (SELECT last_xid, last_id FROM audit_seals WHERE sequence = %s)",
                (to,),
            )
            connection.execute("DELETE FROM audit_seals WHERE sequence > %s", (to,))

    def on_record(self) -> dict[str, Any]:
        """As the operator does it: suspend, say that it was restored, resume."""
        code = self.hospital.tenant_code
        for arguments in (
            ("tenant", "suspend", code),
            ("tenant", "raise-epoch", code, "--reason", "bản sao lưu 02:00"),
            ("tenant", "resume", code),
        ):
            done = self.runners.sokham(*arguments, "--json")
            assert done.returncode == 0, done.stderr
            if arguments[1] == "raise-epoch":
                said = json.loads(done.stdout)
        self.seal_central()
        return dict(said)

    def verify(self) -> tuple[int, str]:
        """Exit code and output of the operator's command."""
        done = self.runners.sokham("audit", "verify", "--tenant", self.hospital.tenant_code)
        return done.returncode, done.stdout + done.stderr

    def sql(self, statement: str) -> None:
        with self.hospital.superuser() as connection:
            connection.execute(statement.encode())

    def _seal(self) -> bool:
        self.sealer.hospital(self.hospital.tenant, open_uow=lambda: self.hospital.unit_of_work("seal"), run=a_run())
        return True


def a_run() -> Run:
    return Run(seconds=60, stop=threading.Event())


@pytest.fixture
def sealed(hospital: Hospital, central: CentralDatabase, keychain: Keychain, runners: JobsRunners) -> Sealed:
    heads = HeadFile(runners.folder / "data")
    sealer = Sealer(keys=audit_keys(central, keychain), heads=heads, head_seconds=0)
    return Sealed(hospital=hospital, central=central, sealer=sealer, runners=runners)


def test_a_restore_on_record_is_a_warning_and_the_chain_is_whole(sealed: Sealed) -> None:
    sealed.write(5)
    sealed.take_back(to=2)
    said = sealed.on_record()
    assert (said["before"], said["epoch"], said["seals"]) == (1, 2, 2)
    # The rows that say so are the first of the new epoch.
    sealed.write(2)
    code, output = sealed.verify()
    assert code == 0, output
    assert "audit_logs: whole" in output
    assert "(epoch 2): 3 seals are not in this database any more" in output
    shown = json.loads(sealed.runners.sokham("audit", "verify", "--json").stdout)["items"]
    mine = next(item for item in shown if item["where"] == sealed.hospital.tenant_code)
    assert [(each["epoch"], each["last_seal"], each["seals_gone"]) for each in mine["restores"]] == [(2, 2, 3)]


def test_a_restore_that_is_not_on_record_is_broken_whatever_epoch_the_hospital_has(sealed: Sealed) -> None:
    sealed.write(4)
    sealed.take_back(to=2)
    sealed.sql("UPDATE hospital_sync SET epoch = 2")
    sealed.write(1)
    code, output = sealed.verify()
    assert code == 1
    assert "BROKEN at seal 3: another seal stands there" in output


def test_after_a_restore_the_present_epoch_is_held_to_its_heads(sealed: Sealed) -> None:
    sealed.write(4)
    sealed.take_back(to=2)
    sealed.on_record()
    # The epoch is set back, so that what comes now looks like what was before the restore; then it is cut off.
    sealed.sql("UPDATE hospital_sync SET epoch = 1")
    sealed.write(3)
    sealed.take_back(to=3)
    sealed.sql("UPDATE hospital_sync SET epoch = 2")
    code, output = sealed.verify()
    assert code == 1
    assert "BROKEN at seal 4: the seal is not there" in output


def test_what_the_restore_left_must_still_be_there(sealed: Sealed) -> None:
    sealed.write(4)
    sealed.take_back(to=3)
    sealed.on_record()
    sealed.take_back(to=1)
    code, output = sealed.verify()
    assert code == 1
    assert "BROKEN at seal 2: the seal is not there" in output


def test_a_record_in_a_log_that_does_not_hold_is_not_believed(sealed: Sealed) -> None:
    sealed.write(4)
    sealed.take_back(to=2)
    sealed.on_record()
    assert sealed.verify()[0] == 0
    with sealed.central.superuser() as connection:
        connection.execute("UPDATE admin_audit_logs SET reason = 'x' WHERE action = 'tenant.raise_epoch'")
    code, output = sealed.verify()
    assert code == 1
    assert "central admin_audit_logs: BROKEN" in output
    assert f"{sealed.hospital.tenant_code} audit_logs: BROKEN at seal 3" in output


def test_a_hospital_at_work_begins_no_epoch(sealed: Sealed) -> None:
    done = sealed.runners.sokham("tenant", "raise-epoch", sealed.hospital.tenant_code, "--reason", "thử")
    assert done.returncode == 1
    assert "Suspend it first" in done.stderr
    with sealed.hospital.superuser() as connection:
        assert connection.execute("SELECT epoch FROM hospital_sync").fetchone() == (1,)
