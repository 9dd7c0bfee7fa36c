"""`sokham tenant`, `migrate` and `admin` against real servers, as an operator types them."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result

from central import roles
from keys.public import LocalKeyring
from manage.cli import main
from manage.data_dir import DataDir
from migrations import runner
from tests.support.databases import PASSWORDS, CentralDatabase
from tests.support.hospitals import HospitalMaker


@dataclass(frozen=True, kw_only=True)
class Operator:
    """Types commands on an installation whose servers are this run's."""

    environment: dict[str, str]

    def __call__(self, *arguments: str) -> Result:
        """Run a command."""
        return CliRunner().invoke(main, list(arguments), env=self.environment, catch_exceptions=False)

    def json(self, *arguments: str) -> Any:
        """Run a command that must succeed and print JSON, and nothing but JSON."""
        result = self(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture
def operator(
    central: CentralDatabase, hospitals: HospitalMaker, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Operator]:
    """An operator with every role's password, on this test's central database."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    folder = DataDir(tmp_path_factory.mktemp("data")).create()
    LocalKeyring.create(folder.keys / "keyring.json").close()
    environment = {"DATABASE_URL": central.url, "REDIS_URL": redis_url, "SOKHAM_DATA_DIR": str(folder.path)}
    for role in roles.ALL:
        environment[f"SOKHAM_PASSWORD_{role.removeprefix('sokham_').upper()}"] = PASSWORDS[role]
    yield Operator(environment=environment)
    # A command sends logs to its own standard error, which is gone after it.
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def test_a_hospital_from_the_command_line(operator: Operator) -> None:
    made = operator.json("tenant", "create", "bv-mot", "--name", "Bệnh viện 'Một'", "--plan", "premium")
    assert made["status"] == "active"
    assert made["admin_invite"]["token"].startswith("bv-mot.")
    shown = operator.json("tenant", "show", "BV-MOT")
    assert (shown["id"], shown["name"], shown["subscription_plan"]) == (made["id"], "Bệnh viện 'Một'", "premium")
    assert {each["purpose"] for each in shown["credentials"]} == {"app", "portal", "sync", "seal", "migrate"}
    assert "password" not in json.dumps(shown)
    assert [each["tenant_code"] for each in operator.json("tenant", "list")["items"]] == ["bv-mot"]
    assert operator.json("tenant", "suspend", "bv-mot", "--reason", "thử")["status"] == "suspended"
    assert operator.json("tenant", "list", "--status", "active")["items"] == []
    assert operator.json("tenant", "resume", "bv-mot")["status"] == "active"
    plain = operator("tenant", "show", "bv-mot")
    assert "provision: done" in plain.output


def test_refusals_are_said_in_words_with_exit_code_1(operator: Operator) -> None:
    operator.json("tenant", "create", "bv-mot", "--name", "Một")
    for arguments, said in (
        (("tenant", "create", "bv-mot", "--name", "Hai"), "Another hospital has this code"),
        (("tenant", "create", "bv-hai", "--name", " "), "Give a name."),
        (("tenant", "show", "bv-khong"), "There is no such hospital"),
        (("tenant", "invite", "bv-khong"), "There is no such hospital"),
        (("migrate", "tenants", "--only", "bv-khong"), "There is no such hospital"),
    ):
        result = operator(*arguments)
        assert result.exit_code == 1
        assert said in result.output
        assert "Traceback" not in result.output
    assert operator("tenant", "create", "bv-ba").exit_code == 2


def test_a_lost_first_invite_is_replaced_from_the_command_line(operator: Operator, central: CentralDatabase) -> None:
    made = operator.json("tenant", "create", "bv-mot", "--name", "Một")
    again = operator.json("tenant", "invite", "BV-MOT", "--reason", "thư thất lạc")
    assert (again["id"], again["tenant_code"]) == (made["id"], "bv-mot")
    assert again["admin_invite"]["token"].startswith("bv-mot.")
    assert again["admin_invite"]["token"] != made["admin_invite"]["token"]
    plain = operator("tenant", "invite", "bv-mot")
    assert plain.output.splitlines()[-1].startswith("bv-mot.")
    with central.superuser() as connection:
        rows = connection.execute(
            "SELECT actor_name, reason FROM admin_audit_logs WHERE action = 'tenant.admin_invited' ORDER BY created_at"
        ).fetchall()
    assert rows == [("command line", "thư thất lạc"), ("command line", None)]
    operator.json("tenant", "suspend", "bv-mot")
    refused = operator("tenant", "invite", "bv-mot")
    assert refused.exit_code == 1
    assert "state does not allow this" in refused.output


def test_rotation_from_the_command_line_is_finished_by_calling_it_again(operator: Operator) -> None:
    operator.json("tenant", "create", "bv-mot", "--name", "Một")
    before = operator.json("tenant", "show", "bv-mot")["credentials"]
    first = operator.json("tenant", "rotate-credentials", "bv-mot", "--no-wait")
    second = operator.json("tenant", "rotate-credentials", "bv-mot", "--no-wait")
    assert first == second
    after = operator.json("tenant", "show", "bv-mot")["credentials"]
    assert {each["username"] for each in before}.isdisjoint({each["username"] for each in after})


def test_migrations_from_the_command_line(operator: Operator, central: CentralDatabase) -> None:
    for code in ("bv-mot", "bv-hai"):
        operator.json("tenant", "create", code, "--name", code)
    assert operator.json("migrate", "central") == {"before": runner.head("central"), "after": runner.head("central")}
    done = operator.json("migrate", "tenants", "--parallel", "2")
    assert [each["tenant_code"] for each in done["items"]] == ["bv-hai", "bv-mot"]
    assert done["failed"] == []
    with central.superuser() as connection:
        connection.execute(
            "UPDATE tenant_credentials SET database_port = 1 WHERE purpose = 'migrate'"
            " AND tenant_id = (SELECT id FROM tenants WHERE tenant_code = 'bv-mot')"
        )
    failed = operator("migrate", "tenants", "--json")
    assert failed.exit_code == 1
    assert "bv-mot" in failed.output.splitlines()[-1]
    assert "bv-hai" not in failed.output.splitlines()[-1]
    status = operator.json("migrate", "status")
    assert status["central"]["revision"] == status["central"]["head"]
    stands = {each["tenant_code"]: each for each in status["tenants"]["items"]}
    assert stands["bv-hai"]["revision"] == runner.head("tenant")
    # The row was edited, so its password does not open: it is not even tried.
    assert stands["bv-mot"]["error"] == "undecryptable"


def test_an_administrator_from_the_command_line(operator: Operator) -> None:
    made = operator.json("admin", "create", "giam-doc", "--role", "support")
    assert made["role"] == "support"
    assert made["invite_token"].startswith("central.")
    again = operator("admin", "create", "giam-doc")
    assert again.exit_code == 1
    assert "exists already" in again.output


def test_a_lost_second_factor_is_taken_away_from_the_command_line(operator: Operator, central: CentralDatabase) -> None:
    made = operator.json("admin", "create", "giam-doc", "--role", "support")
    ask = ("admin", "reset-mfa", "giam-doc", "--reason")
    assert "has no second factor" in operator(*ask, "Mất điện thoại").output
    with central.superuser() as connection:
        connection.execute("UPDATE users SET mfa_enabled = true, mfa_secret = 's1' WHERE id = %s", (made["id"],))
    assert operator("admin", "reset-mfa", "giam-doc").exit_code == 2, "a reason is needed"
    assert operator(*ask, "vì").exit_code == 1
    assert operator("admin", "reset-mfa", "nobody", "--reason", "Mất điện thoại").exit_code == 1
    assert operator(*ask, "Mất điện thoại").exit_code == 0
    with central.superuser() as connection:
        left = connection.execute("SELECT mfa_enabled, mfa_secret FROM users WHERE id = %s", (made["id"],)).fetchone()
        noted = connection.execute(
            "SELECT actor_name, reason FROM admin_audit_logs WHERE action = 'administrator.reset_mfa'"
        ).fetchone()
    assert left == (False, None)
    assert noted == ("command line", "Mất điện thoại")
