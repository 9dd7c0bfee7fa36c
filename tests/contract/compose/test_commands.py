"""Each command of our image in compose.yaml, run as written, from nothing to hospitals that are served."""

import json
import signal
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import requests

from keys.policy import PROCESSES
from manage.demo.people import person
from tests.contract.compose.composition import ROOT
from tests.contract.compose.production import Production, asked_of_the_key_store, production, rows_of
from tests.support.waiting import wait_until

WEB = ("central", "staff", "patient", "live")
DAEMONS = ("worker", "jobs")
PASSWORD = "một mật khẩu thật dài 2026"
START_SECONDS = 60.0
# stop_grace_period in compose.yaml
GRACE_SECONDS = 30


@pytest.fixture(scope="module")
def bare() -> Iterator[Production]:
    """Servers, secrets and a key store, on which nothing of ours has run."""
    with production() as installed:
        yield installed


@pytest.fixture(scope="module")
def twice(bare: Production) -> tuple[dict[str, Any], dict[str, Any]]:
    """What there is after `setup`, and after another `setup`, before any other process runs."""
    assert "Ready." in bare.run("setup").stderr
    once = state_of(bare)
    bare.run("setup")
    return once, state_of(bare)


@pytest.fixture(scope="module")
def ready(bare: Production, twice: object) -> Production:
    """The servers after `setup`."""
    return bare


@pytest.fixture(scope="module")
def running(ready: Production) -> Iterator[Production]:
    """All processes, started in the order of their dependencies and found well by their own health checks.

    In the end each is asked to stop, as Compose asks, and must end well within the time that Compose gives it.
    """
    for name in WEB:
        process = ready.start(name)

        def well(name: str = name, process: Any = process) -> bool:
            assert process.poll() is None, ready.said(name)
            return ready.healthy(name)

        wait_until(well, seconds=START_SECONDS, what=f"the health check of {name}")
    for name in DAEMONS:
        ready.start(name)
        wait_until(partial(ready.healthy, name), seconds=START_SECONDS, what=f"the health check of {name}")
    yield ready
    for process in ready.started:
        process.send_signal(signal.SIGTERM)
    for name, process in zip((*WEB, *DAEMONS), ready.started, strict=True):
        assert process.wait(GRACE_SECONDS) == 0, f"{name}:\n{ready.said(name)[-3000:]}"
        assert "Traceback" not in ready.said(name), f"{name}:\n{ready.said(name)}"
        assert PASSWORD not in ready.said(name)


@pytest.fixture(scope="module")
def invite(running: Production) -> str:
    """A hospital made from the operator's shell; the invite of its first user."""
    made = running.run("setup", "sokham", "tenant", "create", "bv-mot", "--name", "Bệnh viện Một", "--json")
    assert json.loads(made.stdout)["status"] == "active"
    return str(json.loads(made.stdout)["admin_invite"]["token"])


def state_of(installed: Production) -> dict[str, Any]:
    """All that setup makes, but the salts of passwords, which each run draws anew."""
    central, hospitals = installed.central, installed.hospitals
    roles = (
        "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolcanlogin, rolinherit, rolconnlimit, rolconfig::text"
        " FROM pg_roles ORDER BY 1"
    )
    databases = "SELECT datname, oid, datallowconn, datacl::text FROM pg_database ORDER BY 1"
    found: dict[str, Any] = {
        f"{what} of {name}": rows_of(server, "postgres", query)
        for name, server in (("central", central), ("hospitals", hospitals))
        for what, query in (("roles", roles), ("databases", databases))
    }
    tables = rows_of(
        central,
        "sokham_central",
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
    )
    for (table,) in tables:
        content = f"SELECT md5(coalesce(string_agg(row::text, '|' ORDER BY row::text), '')) FROM {table} AS row"  # noqa: S608 - names from the catalogue
        found[table] = rows_of(central, "sokham_central", content)
    return found


def test_the_key_store_is_configured_for_every_process(bare: Production) -> None:
    asked = asked_of_the_key_store(bare.folder)
    written = {words[2] for words in asked if words[:2] == ["policy", "write"]}
    assert written == {f"sokham-{name}" for name in PROCESSES}
    assert ["secrets", "enable", "transit"] in asked
    assert ["auth", "enable", "approle"] in asked
    assert set(bare.vault.roles) == {"operator", *WEB, *DAEMONS}


def test_setup_makes_everything_and_a_second_run_changes_nothing(
    ready: Production, twice: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    made, again = twice
    # The hospitals' server has the provisioner and the template, and no role of central's database but that one.
    assert [row[0] for row in made["roles of hospitals"] if row[0].startswith("sokham_")] == ["sokham_provisioner"]
    assert any(row[0].startswith("sokham_template_") for row in made["databases of hospitals"])
    assert not any(row[0].startswith("sokham_template_") for row in made["databases of central"])
    assert len(rows_of(ready.central, "sokham_central", "SELECT FROM signing_keys")) == 3
    assert len(rows_of(ready.central, "sokham_central", "SELECT FROM blind_index_keys")) == 1
    assert again == made


def test_setup_says_what_is_missing(ready: Production) -> None:
    (ready.secrets / "url_central_superuser").rename(ready.secrets / "moved")
    try:
        done = ready.run("setup", expect=1)
    finally:
        (ready.secrets / "moved").rename(ready.secrets / "url_central_superuser")
    assert "DATABASE_URL_FILE names a file that cannot be read" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_hospital_is_made_and_served_by_the_processes_as_they_are_written(running: Production, invite: str) -> None:
    """One process hands to the next: the operator's shell, staff, worker, central, patient, jobs."""
    databases = rows_of(running.hospitals, "postgres", "SELECT datname FROM pg_database WHERE datname ~ '^h_'")
    assert len(databases) == 1
    assert not rows_of(running.central, "postgres", "SELECT datname FROM pg_database WHERE datname ~ '^h_'")

    accepted = call(running, "staff", "auth/accept-invite", {"token": invite, "password": PASSWORD})
    token = accepted["access_token"]
    somebody = person()
    patient = call(
        running,
        "staff",
        "patients",
        {
            "full_name": somebody.full_name,
            "cccd": somebody.cccd,
            "date_of_birth": somebody.date_of_birth.isoformat(),
            "gender": somebody.gender,
        },
        token=token,
        expect=201,
    )
    identity = f"{running.url('staff')}/api/v1/patients/{patient['id']}"

    def settled() -> bool:
        read = requests.get(identity, headers={"Authorization": f"Bearer {token}"}, timeout=30)
        return bool(read.status_code == 200 and read.json()["global_id_state"] == "settled")

    wait_until(settled, seconds=60, what=f"the settled id; the worker said:\n{running.said('worker')[-3000:]}")

    def sealed() -> bool:
        return bool(rows_of(running.hospitals, databases[0][0], "SELECT FROM audit_seals LIMIT 1"))

    wait_until(sealed, seconds=60, what=f"a seal; the jobs said:\n{running.said('jobs')[-3000:]}")
    code = call(running, "staff", f"patients/{patient['id']}/portal-invite", None, token=token)
    activated = {"cccd": somebody.cccd, "activation_code": code["activation_code"], "password": PASSWORD}
    call(running, "patient", "auth/activate", activated)


@pytest.mark.parametrize(
    "command",
    [
        "tenant list",
        "tenant show bv-mot",
        "migrate status",
        "sync status",
        "sync dead-letters",
        "jobs status",
        "keys status",
    ],
)
def test_the_operators_shell_has_what_its_commands_need(running: Production, invite: str, command: str) -> None:
    """`docker compose run --rm setup sokham …`, under the operator's own policies in the key store."""
    assert json.loads(running.run("setup", "sokham", *command.split(), "--json").stdout)


def test_an_administrator_is_made_and_signs_in(running: Production) -> None:
    made = running.run("setup", "sokham", "admin", "create", "trang", "--json").stdout
    token = json.loads(made)["invite_token"]
    call(running, "central", "auth/accept-invite", {"token": token, "password": PASSWORD})


def test_credentials_are_rotated_from_the_operators_shell(running: Production, invite: str) -> None:
    running.run("setup", "sokham", "tenant", "rotate-credentials", "bv-mot", "--no-wait")


def test_the_audit_chains_are_verified_where_their_heads_are(running: Production, invite: str) -> None:
    """`docker compose exec jobs sokham audit verify`: only that process may read what was sealed."""
    assert "bv-mot audit_logs: whole" in running.run("jobs", "sokham", "audit", "verify").stdout


def test_a_hospital_is_restored_from_a_dump(running: Production, invite: str) -> None:
    """`deploy/postgres/restore-hospital`, as docs/production.md has it, and it is served again."""
    running.run("setup", "sokham", "tenant", "create", "bv-hai", "--name", "Bệnh viện Hai")
    shown = json.loads(running.run("setup", "sokham", "tenant", "show", "bv-hai", "--json").stdout)
    database = next(each["database"] for each in shown["credentials"] if each["purpose"] == "app")
    before = rows_of(running.hospitals, "postgres", f"SELECT datacl FROM pg_database WHERE datname = '{database}'")  # noqa: S608 - our own name
    users = rows_of(running.hospitals, database, "SELECT id, username FROM users")
    dump = str(running.folder / "bv-hai.dump")

    running.as_superuser("pg_dump", "--format=custom", f"--file={dump}", database)
    running.run("setup", "sokham", "tenant", "suspend", "bv-hai", "--reason", "Khôi phục")
    running.as_superuser(str(ROOT / "deploy" / "postgres" / "restore-hospital"), database, dump)
    running.run("setup", "sokham", "tenant", "raise-epoch", "bv-hai", "--reason", "Bản sao lưu 02:00")
    running.run("setup", "sokham", "tenant", "resume", "bv-hai")
    assert "bv-hai: 0 events" in running.run("setup", "sokham", "sync", "republish", "--tenant", "bv-hai").stdout

    in_central = "SELECT epoch FROM tenants WHERE tenant_code = 'bv-hai'"
    assert rows_of(running.central, "sokham_central", in_central) == [(2,)]
    assert rows_of(running.hospitals, database, "SELECT epoch FROM hospital_sync") == [(2,)]
    assert rows_of(running.hospitals, database, "SELECT id, username FROM users") == users
    # The order of an ACL's entries says nothing.
    after = rows_of(running.hospitals, "postgres", f"SELECT datacl FROM pg_database WHERE datname = '{database}'")  # noqa: S608 - our own name
    assert sorted(after[0][0]) == sorted(before[0][0])
    assert rows_of(running.hospitals, "postgres", "SELECT FROM pg_database WHERE datname ~ '_before$'")
    wait_until(lambda: signs_nobody_in(running), seconds=30, what="an answer of the restored hospital")


def test_setup_names_a_hospital_that_it_could_not_migrate_and_goes_on(running: Production, invite: str) -> None:
    running.run("setup", "sokham", "tenant", "create", "bv-ba", "--name", "Bệnh viện Ba")
    shown = json.loads(running.run("setup", "sokham", "tenant", "show", "bv-ba", "--json").stdout)
    database = next(each["database"] for each in shown["credentials"] if each["purpose"] == "migrate")
    running.as_superuser("psql", "--quiet", "-c", f"ALTER DATABASE {database} ALLOW_CONNECTIONS false", "postgres")
    said = running.run("setup").stderr
    assert "bv-ba was not migrated" in said
    assert "bv-mot" not in said
    assert "Ready." in said
    running.as_superuser("psql", "--quiet", "-c", f"ALTER DATABASE {database} ALLOW_CONNECTIONS true", "postgres")
    assert "bv-ba" not in running.run("setup").stderr


def signs_nobody_in(installed: Production) -> bool:
    """Whether the hospital answers again: a wrong password is wrong, where a hospital that is away would be 503."""
    body = {"tenant": "bv-hai", "username": "admin", "password": PASSWORD}
    return requests.post(f"{installed.url('staff')}/api/v1/auth/login", json=body, timeout=30).status_code == 401


def test_nothing_is_written_where_a_container_cannot_write(running: Production) -> None:
    """Only `setup` and `jobs` have a volume at /data; the rest of a container is read-only but for /tmp."""
    for name in (*WEB, "worker"):
        assert not list(running.data(name).iterdir()), name


def call(installed: Production, name: str, path: str, body: Any, *, token: str | None = None, expect: int = 200) -> Any:
    """The JSON of an answer that has the status expected."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = requests.post(f"{installed.url(name)}/api/v1/{path}", json=body, headers=headers, timeout=60)
    assert answer.status_code == expect, f"{name} {path}: {answer.status_code} {answer.text[:500]}"
    return answer.json()
