"""The doctor finds nothing on a good installation, and names each fault of a broken one with its remedy."""

import http.server
import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from keys.public import KeySourceUnavailable
from manage.data_dir import DataDir
from manage.doctor import machine
from manage.doctor.examination import Examination
from manage.doctor.finding import Finding, State
from manage.embedded.ports import free_port
from migrations.fleet import Result
from tests.integration.manage.doctor.conftest import Installation
from tests.support import forked

pytestmark = pytest.mark.usefixtures("redis")


def test_a_good_installation_is_well(installation: Installation) -> None:
    installation.seal()
    found = installation.examine()
    wrong = [each for each in found if each.state in (State.WRONG, State.UNKNOWN)]
    assert not wrong, wrong
    seen = {each.check for each in found if each.state is State.OK}
    assert seen >= {
        *("python", "packages", "data folder", "disk", "local keyring", "Redis", "PostgreSQL", "clock", "roles"),
        *("central's tables", "jobs", "signing keys", "security events", "connections"),
        "central: admin_audit_logs",
        *(f"hospital {hospital.tenant_code}" for hospital in installation.hospitals),
        *(f"hospital {hospital.tenant_code}: audit log" for hospital in installation.hospitals),
        *(f"hospital {hospital.tenant_code}: sync" for hospital in installation.hospitals),
    }


def in_central(statement: str) -> Callable[[Installation], None]:
    def break_it(installation: Installation) -> None:
        with installation.central.superuser() as connection:
            connection.execute(statement.encode())

    return break_it


def in_hospital(statement: str) -> Callable[[Installation], None]:
    def break_it(installation: Installation) -> None:
        with installation.hospitals[0].superuser() as connection:
            connection.execute(statement.encode())

    return break_it


def setting(name: str, value: str) -> Callable[[Installation], None]:
    def break_it(installation: Installation) -> None:
        installation.environ[name] = value

    return break_it


def unset(name: str) -> Callable[[Installation], None]:
    def break_it(installation: Installation) -> None:
        del installation.environ[name]

    return break_it


def close_hospital(installation: Installation) -> None:
    with installation.central.superuser() as connection:
        name = installation.hospitals[0].database_name
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")


def edit_registry(installation: Installation) -> None:
    with installation.central.superuser() as connection:
        connection.execute(
            "UPDATE tenant_credentials SET database_port = 5433 WHERE tenant_id = %s",
            (installation.hospitals[0].tenant,),
        )


HOSPITAL = "hospital {code}"

BROKEN: dict[str, tuple[Callable[[Installation], None], str, str, str]] = {
    "keyring open to others": (
        lambda it: (it.folder / "keys" / "keyring.json").chmod(0o644),
        "local keyring",
        "0644",
        "chmod 600",
    ),
    "keyring gone": (
        lambda it: (it.folder / "keys" / "keyring.json").unlink(),
        "local keyring",
        "ENOENT",
        "copy",
    ),
    "data folder open to others": (lambda it: it.folder.chmod(0o755), "data folder", "Others can", "chmod 0700"),
    "owner's password wrong": (
        setting("SOKHAM_PASSWORD_OWNER", "not-the-one"),
        "PostgreSQL",
        "password is refused",
        "SOKHAM_PASSWORD_",
    ),
    "server not there": (
        setting("DATABASE_URL", "postgresql://127.0.0.1:1/sokham_central"),
        "PostgreSQL",
        "nothing answers",
        "DATABASE_URL",
    ),
    "database not there": (
        lambda it: it.environ.update(DATABASE_URL=it.central.url + "_gone"),
        "PostgreSQL",
        "no such database",
        "sokham up",
    ),
    "Redis away": (setting("REDIS_URL", "redis://127.0.0.1:1/0"), "Redis", "does not answer", "REDIS_URL"),
    "Redis' password wrong": (
        lambda it: it.environ.update(REDIS_URL=it.environ["REDIS_URL"].replace("redis://:", "redis://:not")),
        "Redis",
        "refuses the password",
        "SOKHAM_REDIS_PASSWORD",
    ),
    "no Redis": (unset("REDIS_URL"), "Redis", "does not start without it", "REDIS_URL"),
    "central behind": (
        in_central("UPDATE alembic_version SET version_num = '0003_index_and_sync'"),
        "central's tables",
        "0003_index_and_sync",
        "sokham migrate central",
    ),
    "no job has run": (in_central("DELETE FROM job_leases"), "jobs", "not sealed", "sokham jobs run"),
    "jobs stopped": (
        in_central("UPDATE job_leases SET succeeded_at = now() - interval '5 minutes' WHERE name LIKE 'audit%'"),
        "jobs",
        "ran 300 s ago",
        "sokham jobs run",
    ),
    "a job fails": (
        in_central("UPDATE job_leases SET failures = 3, last_error = 'hospitals_left_out' WHERE name = 'partitions'"),
        "jobs",
        "partitions failed 3 times in a row (hospitals_left_out)",
        "sokham jobs status",
    ),
    "a signing key has ended": (
        in_central("UPDATE signing_keys SET not_after = now() WHERE issuer = 'staff'"),
        "signing keys",
        "staff has none",
        "sokham up",
    ),
    "partitions end soon": (
        in_central(
            "DO $$ DECLARE name text; BEGIN FOR name IN SELECT inhrelid::regclass::text FROM pg_inherits"
            " WHERE inhparent = 'admin_audit_logs'::regclass ORDER BY 1 OFFSET 1 LOOP"
            " EXECUTE 'DROP TABLE ' || name; END LOOP; END $$"
        ),
        "central: partitions",
        "nothing that is audited works",
        "sokham jobs status",
    ),
    "more connections than the server has": (
        setting("SOKHAM_CONNECTION_BUDGET", "100"),
        "connections",
        "At most",
        "Raise max_connections by",
    ),
    "hospital closed": (close_hospital, HOSPITAL, "does not answer", "Start its server"),
    "hospital behind": (
        in_hospital("UPDATE alembic_version SET version_num = '0003'"),
        HOSPITAL,
        "stand at 0003",
        "sokham migrate tenants --only {code}",
    ),
    "hospital is another one": (
        in_hospital("UPDATE hospital_identity SET tenant_id = uuidv7()"),
        HOSPITAL,
        "another hospital's",
        "Do not write to it",
    ),
    "registry row edited": (
        edit_registry,
        HOSPITAL,
        "does not open",
        "security events",
    ),
    "worker does not push": (
        in_hospital(
            "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, epoch, n, payload, created_at)"
            " VALUES ('patient', uuidv7(), 'patient.registered', 1, 1, '{}', now() - interval '20 minutes')"
        ),
        f"{HOSPITAL}: sync",
        "the oldest for 20 minutes",
        "sokham sync run",
    ),
    "nobody seals": (
        in_hospital(
            "INSERT INTO audit_logs (actor_kind, portal, action, resource_type, created_at)"
            " VALUES ('staff', 'hospital', 'patient.read', 'patient', now() - interval '90 seconds')"
        ),
        f"{HOSPITAL}: audit log",
        "the oldest since 9",
        "pg_stat_activity",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_each_fault_is_named_with_its_remedy(installation: Installation, fault: str) -> None:
    break_it, check, said, remedy = BROKEN[fault]
    code = installation.hospitals[0].tenant_code
    installation.seal()
    break_it(installation)
    faults = installation.faults()
    found = faults.get(check.format(code=code))
    assert found is not None, faults
    assert said in found.said
    assert remedy.format(code=code) in found.remedy
    assert all(installation.hospitals[1].tenant_code not in name for name in faults)
    everything = repr(faults)
    assert not [secret for secret in installation.secrets if secret in everything]


def test_a_key_source_that_is_away_is_what_the_hospitals_faults_name(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring = installation.folder / "keys" / "keyring.json"
    away = keyring.rename(keyring.with_suffix(".away"))
    found = installation.faults()["hospitals"]
    assert "keyring" in found.said
    assert found.remedy == f"Put {keyring} back from its copy. Without it no data can be read."
    away.rename(keyring)
    # Vault is asked once for each hospital, so that it may be away for some of them only.
    code = installation.hospitals[0].tenant_code
    unopened = Result(tenant_code=code, error=KeySourceUnavailable.code)
    monkeypatch.setattr("manage.doctor.hospitals.hospital_targets", lambda _settings: ([], [unopened]))
    found = installation.faults()[f"hospital {code}"]
    assert "local keyring does not answer" in found.said
    assert "back from its copy" in found.remedy


def test_critical_security_events_are_a_note_with_kind_hospital_and_place_to_look(installation: Installation) -> None:
    def told() -> Finding:
        return next(each for each in installation.examine() if each.check == "security events")

    def keep(tenant: object, event: str, risk: str, *, days_ago: int = 0) -> None:
        with installation.central.superuser() as connection:
            connection.execute(
                "INSERT INTO security_audit_logs"
                " (tenant_id, security_event, risk_level, event_details, ip_address, created_at)"
                " VALUES (%s, %s, %s, to_jsonb('a-detail'::text), '192.0.2.7', now() - make_interval(days => %s))",
                (tenant, event, risk, days_ago),
            )

    one, other = installation.hospitals
    keep(one.tenant, "sign_in_failed", "high")
    keep(other.tenant, "credential_refused", "critical", days_ago=8)
    assert told().state is State.OK
    for tenant, event in ((one.tenant, "credential_refused"),) * 2 + ((None, "hospital_fingerprint_mismatch"),):
        keep(tenant, event, "critical")
    assert (found := told()).state is State.NOTE
    assert "3 critical in the last 7 days: credential_refused (2), hospital_fingerprint_mismatch (1)" in found.said
    assert f"Hospitals: {one.tenant_code}." in found.said
    assert f"{installation.environ['SOKHAM_CENTRAL_URL']}/security-events?risk=critical" in found.remedy
    assert not [detail for detail in ("a-detail", "192.0.2.7") if detail in repr(found)]


def test_a_setting_that_cannot_be_read_is_named(installation: Installation) -> None:
    installation.environ["SOKHAM_CONNECTION_BUDGET"] = "many"
    assert "SOKHAM_CONNECTION_BUDGET" in installation.faults()["settings"].said
    installation.environ["SOKHAM_CONNECTION_BUDGET"] = "12"
    installation.environ["SOKHAM_PASSWORD_OWNER_FILE"] = "/nowhere"
    assert "SOKHAM_PASSWORD_OWNER_FILE" in installation.faults()["settings"].said


def test_without_the_owners_password_it_says_what_it_does_not_see(installation: Installation) -> None:
    del installation.environ["SOKHAM_PASSWORD_OWNER"]
    found = installation.examine()
    assert not [each for each in found if each.state is State.WRONG]
    unseen = {each.check for each in found if each.state is State.UNKNOWN}
    assert unseen == {"central's database", "hospitals", "connections"}


def test_servers_that_do_not_run_are_told_with_what_starts_them(tmp_path: Path) -> None:
    # The usual ports may be in use by somebody who tries the product on this machine.
    environ = {f"SOKHAM_{name}_URL": f"http://127.0.0.1:{free_port()}" for name in ("CENTRAL", "STAFF", "PATIENT")}
    nothing = list(Examination(DataDir(tmp_path / "none"), environ=environ, state_directory=tmp_path).findings())
    assert [(each.check, "sokham up" in each.said) for each in nothing if each.state is State.WRONG] == [
        ("PostgreSQL", True)
    ]
    folder = DataDir(tmp_path / "data").create()
    stopped = list(Examination(folder, environ=environ, state_directory=tmp_path).findings())
    faults = {each.check: each for each in stopped if each.state is State.WRONG}
    assert set(faults) == {"PostgreSQL", "local keyring"}
    assert "does not run" in faults["PostgreSQL"].said
    assert str(folder.keys) in faults["local keyring"].remedy


def test_another_program_on_a_web_port_is_named(installation: Installation) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        installation.environ["SOKHAM_STAFF_URL"] = url
        faults = installation.faults()
        server.shutdown()
        thread.join()
    assert faults[f"staff at {url}"].said == "Another program listens on this port."


def test_packages_that_differ_from_the_lock_are_named(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("flask==0.1 \\\n    --hash=sha256:aa\n    # via x\nno-such-package==1 ; sys_platform == 'win32'\n")
    assert _states(machine.python(lock)) == {"python": State.OK, "packages": State.WRONG}
    lock.unlink()
    assert _states(machine.python(lock))["packages"] is State.UNKNOWN


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=100 * 1024**2))
    assert _states(machine.disk([tmp_path]))["disk"] is State.WRONG


def test_what_earlier_installations_left_is_a_note(installation: Installation) -> None:
    (installation.state_directory / "instances" / "abcdef").mkdir(parents=True)
    found = {each.check: each for each in installation.examine()}["abandoned instances"]
    assert found.state is State.NOTE
    assert "abcdef" in found.said


def test_the_command_prints_all_settings_and_no_secret(installation: Installation) -> None:
    installation.environ["DATABASE_URL"] = installation.environ["DATABASE_URL"].replace("://", "://who:hidden-word@")
    done = doctor(installation, "--json")
    assert done.returncode == 0, done.stdout
    document = json.loads(done.stdout)
    assert document["ok"] is True
    settings = {each["variable"]: each for each in document["settings"]}
    assert settings["SOKHAM_PASSWORD_OWNER"] | {"about": ""} == {
        "variable": "SOKHAM_PASSWORD_OWNER",
        "value": "(set)",
        "source": "environment",
        "about": "",
    }
    assert settings["VAULT_TOKEN"]["value"] == "(not set)"
    assert settings["SOKHAM_SYNC_BATCH"]["source"] == "default"
    plain = doctor(installation)
    assert "All is well." in plain.stdout
    for output in (done.stdout + done.stderr, plain.stdout + plain.stderr):
        assert not [secret for secret in (*installation.secrets, "hidden-word") if secret in output]


def test_the_command_fails_when_something_is_wrong(installation: Installation) -> None:
    installation.environ["REDIS_URL"] = "redis://127.0.0.1:1/0"
    done = doctor(installation, "--no-settings")
    assert done.returncode == 1
    assert "✗ Redis" in done.stdout
    assert "1 of" in done.stdout


def test_keys_status_counts_what_there_is(installation: Installation) -> None:
    installation.seal()
    done = sokham(installation, "keys", "status", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["provider"] == "local keyring"
    by_scope = {each["scope"]: each for each in found["scopes"]}
    # A data key for each hospital's credential, wrapped by the first version of its scope.
    assert by_scope["registry-app"] == {"scope": "registry-app", "version": 1, "data_keys": {"1": 2}, "behind": 0}
    uses = {each["use"] for each in found["signing_keys"]}
    assert uses >= {"tokens of central", "tokens of staff", "tokens of patient", "audit"}
    assert [row["version"] for row in found["blind_index"]] == [1]
    assert found["unreachable_hospitals"] == []
    assert "audit-signing" in sokham(installation, "keys", "status").stdout
    close_hospital(installation)
    (installation.folder / "keys" / "keyring.json").unlink()
    assert sokham(installation, "keys", "status").returncode == 1


def doctor(installation: Installation, *options: str) -> "subprocess.CompletedProcess[str]":
    return sokham(installation, "doctor", *options)


def sokham(installation: Installation, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return forked.run("manage", *arguments, environment={**installation.environ, "COLUMNS": "300"}, seconds=120)


def _states(found: Iterable[Finding]) -> dict[str, State]:
    return {each.check: each.state for each in found}
