"""compose.yaml against the Compose specification, and against what we promise of production's shape."""

import json
import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from compose_spec import PyCompose

from kernel.settings import Settings
from manage import gunicorn_config
from manage.environment import ROLES_OF
from manage.web_worker import WHOLE_SECONDS
from tenant_app.patient_imports.public import MAX_BYTES
from tests.contract.compose.composition import ROOT, SECRETS, at_default, image_environment, merged, ours, parsed
from tests.contract.compose.composition import variables_in as outside

OURS = ("setup", "central", "staff", "patient", "live", "worker", "jobs")
WEB = ("central", "staff", "patient")
# What the proxy leads to.
FRONTED = (*WEB, "live")
PROCESS = {name: "operator" if name == "setup" else name for name in OURS}


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = merged()["services"]
    return found


def test_the_specifications_parser_takes_it_and_every_reference_leads_somewhere() -> None:
    file = parsed()
    file.validate()
    file.validate_networks()
    file.validate_volumes()
    file.validate_secrets()
    assert set(file.service_names()) == set(services())
    specification = file.to_spec()
    assert specification.services is not None
    assert set(specification.services) == set(services())
    for name, service in services().items():
        assert set(service.get("depends_on", {})) <= set(services()), name


@pytest.mark.parametrize("name", sorted(services()))
def test_a_condition_of_a_start_can_come_true(name: str) -> None:
    for other, how in services()[name].get("depends_on", {}).items():
        needed = services()[other]
        if how["condition"] == "service_healthy":
            assert needed.get("healthcheck"), f"{other} never becomes healthy"
        if how["condition"] == "service_completed_successfully":
            assert needed["restart"] == "on-failure", f"{other} would be started again when it is done"


def test_a_reference_that_leads_nowhere_is_found() -> None:
    """The parser is at work: the same file with a network that is not declared does not pass."""
    broken = merged()
    broken["services"]["staff"]["networks"] = ["nowhere"]
    file = PyCompose.from_json(json.dumps(broken))
    with pytest.raises(ValueError, match="nowhere"):
        file.validate_networks()


@pytest.mark.parametrize("name", [*OURS, "pgbouncer", "proxy"])
def test_what_meets_strangers_or_is_ours_has_no_more_rights_than_it_needs(name: str) -> None:
    service = services()[name]
    user = str(service["user"]).split(":")[0]
    assert user not in {"0", "root"}
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_the_image_runs_under_the_account_that_compose_names() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    uid, gid = services()["staff"]["user"].split(":")
    assert f"--uid {uid}" in dockerfile
    assert f"--gid {gid}" in dockerfile
    assert dockerfile.rsplit("\nUSER ", 1)[1].split()[0] == "sokham"
    assert image_environment()["SOKHAM_ENVIRONMENT"] == "production"


def test_the_image_brings_all_of_our_code_compiled() -> None:
    """Its processes may not write beside the code, so each would compile it again at every start."""
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    compiled = re.search(
        r"^RUN \S+ -m compileall -q --invalidation-mode unchecked-hash (.*)$", dockerfile, re.MULTILINE
    )
    assert compiled is not None
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert set(compiled[1].split()) == packages


@pytest.mark.parametrize("name", sorted(services().keys() - {"setup"}))
def test_what_stays_says_whether_it_is_well(name: str) -> None:
    assert services()[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}


def values() -> Iterator[tuple[str, str, str]]:
    for name, service in services().items():
        for variable, value in service.get("environment", {}).items():
            yield name, variable, str(value)


def test_no_secret_stands_in_an_environment() -> None:
    declared = {f.metadata["variable"]: f.metadata for f in Settings.__dataclass_fields__.values() if f.metadata}
    for name, variable, value in values():
        setting = declared.get(variable.removesuffix("_FILE"))
        if variable.endswith("_FILE"):
            assert value.startswith(SECRETS), f"{variable} of {name}"
            assert value.removeprefix(SECRETS) in services()[name]["secrets"], f"{variable} of {name}"
            continue
        if setting is not None and setting["secret"]:
            # Redis' address may hold its password, and here does not.
            assert variable == "REDIS_URL", f"{variable} of {name}"
        for word in ("PASSWORD", "SECRET", "TOKEN", "PASSPHRASE"):
            assert word not in variable, f"{variable} of {name}"
        if "://" in value:
            assert "@" not in value, f"{variable} of {name} carries a user"


def test_every_variable_of_ours_is_a_setting() -> None:
    known = {f.metadata["variable"] for f in Settings.__dataclass_fields__.values() if f.metadata}
    # Read by manage/gunicorn_config.py and prometheus_client, before there are settings.
    known |= {"SOKHAM_BIND", "SOKHAM_WEB_WORKERS", "SOKHAM_WEB_THREADS", "PROMETHEUS_MULTIPROC_DIR"}
    for name, variable, _ in values():
        if name in OURS:
            assert variable.removesuffix("_FILE") in known, f"{variable} of {name}"


@pytest.mark.parametrize("name", OURS)
def test_a_process_gets_its_own_secrets_and_no_others(name: str) -> None:
    """By the same table as `sokham up`: what a process that is taken over could read."""
    process = PROCESS[name]
    expected = {"tls_authority", "password_redis", f"vault_secret_id_{process}"}
    expected |= {f"password_{role}" for role in ROLES_OF[process]}
    if name in WEB:
        expected.add(f"cookie_{name}")
    if name == "setup":
        expected |= {"url_central_superuser", "url_hospitals_superuser"}
    assert set(ours()[name]["secrets"]) == expected
    # What is mounted is also what it is told to read.
    read = {str(value).removeprefix(SECRETS) for value in ours()[name]["environment"].values() if SECRETS in str(value)}
    assert {each.split("=")[-1].removeprefix(SECRETS) for each in read} == expected


@pytest.mark.parametrize("name", OURS)
def test_a_process_is_called_what_its_secrets_say(name: str) -> None:
    assert ours()[name]["environment"]["SOKHAM_PROCESS"] == PROCESS[name]


def test_servers_secrets_reach_their_servers_only() -> None:
    holders: dict[str, set[str]] = {}
    for name, service in services().items():
        for secret in service.get("secrets", ()):
            holders.setdefault(secret, set()).add(name)
    assert holders["postgres_key"] == {"postgres-central", "postgres-hospitals"}
    assert holders["password_postgres_central"] == {"postgres-central"}
    assert holders["password_pgbouncer"] == {"postgres-hospitals", "pgbouncer"}
    assert holders["vault_key"] == {"vault"}
    assert holders["redis_conf"] == {"redis"}
    assert holders["proxy_key"] == holders["proxy_certificate"] == {"proxy"}
    assert set(holders) == set(merged()["secrets"]), "a secret that nobody uses is one too many"


def test_only_the_proxy_is_reached_from_outside_and_only_it_has_a_way_out() -> None:
    published = {name: service["ports"] for name, service in services().items() if "ports" in service}
    assert published == {"proxy": ["443:8443", "80:8080"]}
    networks = merged()["networks"]
    assert networks["data"] == {"internal": True}
    assert networks["front"]["internal"] is True
    for name, service in services().items():
        expected = {"front", "outside"} if name == "proxy" else {"data", "front"} if name in FRONTED else {"data"}
        assert set(service["networks"]) == expected, name


def test_the_proxy_finds_the_web_processes_where_they_listen_for_it() -> None:
    (pool,) = merged()["networks"]["front"]["ipam"]["config"]
    subnet, given = ip_network(pool["subnet"]), ip_network(pool["ip_range"])
    fixed = {name: ip_address(services()[name]["networks"]["front"]["ipv4_address"]) for name in (*FRONTED, "proxy")}
    assert len(set(fixed.values())) == len(fixed)
    # The first is the network's own, and what the engine gives to others must not be one of these.
    assert all(each in subnet and each not in given and each != subnet[1] for each in fixed.values())
    told = dict(each.split(":") for each in services()["proxy"]["extra_hosts"])
    assert told == {name: str(fixed[name]) for name in FRONTED}
    for name in ("staff", "patient", "live"):
        # Not in `data`: whoever reaches a portal past the proxy could say who asks.
        assert ours()[name]["environment"]["SOKHAM_BIND"] == f"127.0.0.1:8000,{fixed[name]}:8000"
    template = (ROOT / "deploy/nginx/nginx.conf.template").read_text(encoding="utf-8")
    assert set(re.findall(r"server (\w+:\d+);", template)) == {f"{name}:8000" for name in FRONTED}


def test_the_proxys_limits_fit_those_of_the_web_processes() -> None:
    template = (ROOT / "deploy/nginx/nginx.conf.template").read_text(encoding="utf-8")

    def said(directive: str, unit: str) -> int:
        found = re.findall(rf"^ *{directive} (\d+){unit};", template, re.MULTILINE)
        assert len(set(found)) == 1, directive
        return int(found[0])

    usual, *files = re.findall(r"^ *client_max_body_size (\d+)m;", template, re.MULTILINE)
    assert int(usual) << 20 == Settings().max_body_bytes
    # A file of patients, and the form around it, by page and by API.
    assert [int(each) << 20 for each in files] == [MAX_BYTES + 2**20] * 2
    assert "SOKHAM_MAX_BODY_BYTES" not in {variable for _, variable, _ in values()}
    # Nothing is given up that the process may still do, and a connection that is not used is closed at the proxy's end.
    assert said("proxy_read_timeout", "s") > WHOLE_SECONDS
    assert (
        max(map(int, re.findall(r"^ {8}keepalive_timeout (\d+)s;", template, re.MULTILINE))) < gunicorn_config.keepalive
    )


def test_databases_are_reached_with_verified_tls_only() -> None:
    for name, variable, value in values():
        if value.startswith("postgresql://"):
            assert "sslmode=verify-full" in value, f"{variable} of {name}"
    ini = (ROOT / "deploy/pgbouncer/pgbouncer.ini").read_text(encoding="utf-8")
    assert "\nclient_tls_sslmode = require\n" in ini
    assert "\nserver_tls_sslmode = verify-full\n" in ini
    assert "\nauth_type = scram-sha-256\n" in ini


def test_the_pooler_lets_transactions_end_when_it_is_stopped() -> None:
    """To SIGTERM PgBouncer 1.24 waits until every client has gone, and ours keep their connections."""
    assert services()["pgbouncer"]["stop_signal"] == "SIGINT"


def test_files_that_are_mounted_are_there() -> None:
    for name, service in services().items():
        for volume in service.get("volumes", ()):
            source = str(volume).split(":", 1)[0]
            if source.startswith("."):
                assert (ROOT / source).exists(), f"{name} mounts {source}"
    for script in (
        "make-secrets",
        "postgres/start",
        "postgres/pgbouncer-lookup.sh",
        "pgbouncer/start",
        "vault/configure",
        "nginx/start",
    ):
        assert (ROOT / "deploy" / script).stat().st_mode & 0o111, f"{script} can be run"


def test_the_build_takes_nothing_secret_and_nothing_of_this_machine_along() -> None:
    ignored = set((ROOT / ".dockerignore").read_text(encoding="utf-8").split())
    assert {".env", ".git", ".venv", ".sokham", "deploy", "node_modules"} <= ignored


def test_what_comes_from_outside_has_a_default_and_is_no_secret() -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    found = {name: default for line in text.splitlines() if "#" not in line for name, default in outside(line).items()}
    assert None not in found.values()
    assert not [name for name in found if "PASSWORD" in name or "SECRET" in name or "TOKEN" in name]
    assert "$" not in at_default("\n".join(line for line in text.splitlines() if "#" not in line))


def test_images_are_named_with_a_version() -> None:
    for name, service in services().items():
        tag = str(service["image"]).rpartition(":")[2]
        assert tag[0].isdigit(), name
    for dockerfile in (Path("Dockerfile"), Path("deploy/pgbouncer/Dockerfile")):
        for line in (ROOT / dockerfile).read_text(encoding="utf-8").splitlines():
            if line.startswith("FROM "):
                assert ":" in line, f"{dockerfile}: {line}"
                assert ":latest" not in line
