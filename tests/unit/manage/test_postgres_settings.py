"""The text of PostgreSQL's settings file."""

from pathlib import Path

import pytest

from manage.embedded.postgres_settings import HBA, PostgresSettings, port_in


def settings(*, port: int = 5433, durable: bool = True) -> str:
    return PostgresSettings(
        port=port,
        socket_directory=Path("/run/it's"),
        log_directory=Path("/run/log"),
        max_connections=200,
        durable=durable,
    ).render()


def test_port_is_found_again() -> None:
    assert port_in(settings(port=6543)) == 6543
    assert port_in("") is None


def test_values_are_quoted() -> None:
    assert "unix_socket_directories = '/run/it''s'" in settings()


@pytest.mark.parametrize(("durable", "present"), [(True, False), (False, True)])
def test_only_a_test_server_may_lose_what_it_has_committed(durable: bool, present: bool) -> None:
    assert ("fsync = 'off'" in settings(durable=durable)) is present


def test_no_rule_trusts() -> None:
    rules = [line.split() for line in HBA.splitlines() if not line.startswith("#")]
    assert {rule[-1] for rule in rules} == {"scram-sha-256"}
    assert {rule[3] for rule in rules if rule[0] == "host"} == {"127.0.0.1/32", "::1/128"}
