"""`sokham jobs` and `sokham audit` on a running installation of servers, and how soon a row is sealed."""

import json
import signal
import time
from statistics import median

from jobs.sealing.public import head_files, noted_heads
from tests.support.hospitals import Hospital
from tests.support.jobs import JobsRunners
from tests.support.sealing import write_rows
from tests.support.waiting import wait_until

Pair = tuple[Hospital, Hospital]


def test_rows_are_sealed_soon_and_the_command_line_says_so(runners: JobsRunners, two_hospitals: Pair) -> None:
    one, other = two_hospitals
    process = runners.start()
    wait_until(lambda: "jobs.started" in runners.log, seconds=60)
    waits = []
    with one.connect() as writer, one.superuser() as reader:
        for turn in range(4):
            write_rows(writer, 2)
            begun = time.monotonic()
            wait_until(
                lambda: reader.execute("SELECT sum(row_count) FROM audit_seals").fetchone() == (2 * (turn + 1),),  # noqa: B023 - waited for here.
                seconds=30,
            )
            waits.append(time.monotonic() - begun)
    # Five seconds is the promise on a quiet server; here others work on the same two cores.
    assert median(waits) < 5, waits

    found = json.loads(runners.sokham("jobs", "status", "--json").stdout)["items"]
    names = [item["name"] for item in found]
    assert names == sorted(names)
    assert {"access.watch", "audit.seal_central", "audit.seal_hospitals", "partitions", "prune"} <= set(names)
    assert all(item["failures"] == 0 for item in found)

    whole = runners.sokham("audit", "verify", "--json")
    assert whole.returncode == 0, whole.stderr
    by_place = {(item["where"], item["chain"].rsplit(":", 1)[-1]): item for item in json.loads(whole.stdout)["items"]}
    assert {where for where, _ in by_place} == {"central", one.tenant_code, other.tenant_code}
    assert by_place[(one.tenant_code, "audit_logs")]["rows"] == 8

    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0

    with one.superuser() as connection:
        connection.execute("DELETE FROM audit_seals WHERE sequence = 2")
    broken = runners.sokham("audit", "verify", "--tenant", one.tenant_code)
    assert broken.returncode == 1
    assert "BROKEN at seal 2: the seal is not there" in broken.stdout
    assert runners.sokham("audit", "verify", "--tenant", other.tenant_code).returncode == 0
    with one.superuser() as connection:
        left = connection.execute("SELECT row_count, broken_sequence, fault FROM audit_checks ORDER BY id").fetchall()
        assert [left[0], left[-1][1:]] == [(8, None, None), (2, "seal_missing")], "the hospital sees what was found"
        # What cannot be left there, as before a migration, is told all the same.
        connection.execute("DROP TABLE audit_checks")
    assert runners.sokham("audit", "verify", "--tenant", one.tenant_code).returncode == 1
    assert runners.sokham("audit", "verify", "--tenant", "bv-khong-co").returncode == 1


def test_the_head_goes_to_central_by_the_outbox_and_to_the_file(runners: JobsRunners, hospital: Hospital) -> None:
    with hospital.connect() as writer:
        write_rows(writer, 2)
    runners.start()
    with hospital.superuser() as connection:
        query = "SELECT aggregate_id, event_type, n, payload FROM outbox WHERE aggregate_type = 'audit_seal'"
        rows = wait_until(lambda: connection.execute(query).fetchall(), seconds=60)
        query = "SELECT sequence, key_id, signature, row_count FROM audit_seals ORDER BY sequence"
        seal = connection.execute(query).fetchall()[0]
    aggregate, event, n, payload = rows[0]
    assert (aggregate, event, n) == (hospital.tenant, "audit.sealed", 1)
    assert (payload["last"], payload["key_id"], payload["signature"], payload["count"]) == seal
    # Heads of central's chains stand in the same file, and may come first.
    wait_until(
        lambda: payload["digest"] in noted_digests(runners), seconds=10, what="the seal's line in the heads file"
    )


def noted_digests(runners: JobsRunners) -> set[str]:
    """What the heads files tell so far."""
    return {head.digest for head in noted_heads(head_files(runners.folder / "data"))}


def test_a_process_without_its_key_source_does_not_start(runners: JobsRunners) -> None:
    (runners.folder / "data" / "keys" / "keyring.json").unlink()
    process = runners.start()
    assert process.wait(60) == 1
    assert "keyring" in runners.log
