"""What each process is told: its own secrets and no other's. Used by `sokham up`, its bootstrap and the commands.

In production the same variables come from the container's settings (compose.yaml), secrets as files.
"""

import os
from collections.abc import Mapping
from dataclasses import Field
from pathlib import Path
from typing import Final

from kernel.settings import Settings, read
from manage.data_dir import DataDir
from manage.run_context import RunContext, WebPorts

CENTRAL_DATABASE: Final = "sokham_central"
ROLES: Final = ("owner", "console", "ingest", "route", "seal", "provisioner")

# Process → the roles of central's database whose passwords it gets.
ROLES_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "central": ("console", "ingest", "route", "provisioner"),
    "staff": ("route",),
    "patient": ("route",),
    "live": ("route",),
    "worker": ("route",),
    "jobs": ("route", "seal"),
    "operator": ROLES,
}

_INHERITED: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "PYTHONWARNINGS")


def role_password(data_dir: DataDir, role: str, *, settings: Settings) -> str:
    """The password of a role of central's database: as set from outside, else made once in the data folder."""
    given: str = getattr(settings, f"password_{role}")
    return given or data_dir.secret(f"role-{role}")


def central_url(context: RunContext) -> str:
    """Where central's database is, without user and password."""
    if context.postgres is None:
        return context.settings.database_url
    return f"postgresql://{context.postgres.host}:{context.postgres.port}/{CENTRAL_DATABASE}"


def environment_of(context: RunContext, process: str) -> dict[str, str]:
    """The whole environment of a process of `sokham up`."""
    settings, data_dir = context.settings, context.data_dir
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    # What was set from outside goes on, but the secrets are given one by one below.
    secret = {declared.metadata["variable"] for declared in _declared() if declared.metadata["secret"]}
    environment |= {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("SOKHAM_", "VAULT_")) and name.removesuffix("_FILE") not in secret
    }
    environment |= {
        "SOKHAM_PROCESS": process,
        "SOKHAM_DATA_DIR": str(Path(data_dir.path).resolve()),
        "DATABASE_URL": central_url(context),
        "SOKHAM_COOKIE_SECRET": data_dir.secret(f"cookie-{process}"),
        **_urls(context.ports),
    }
    for role in ROLES_OF[process]:
        environment[f"SOKHAM_PASSWORD_{role.upper()}"] = role_password(data_dir, role, settings=settings)
    if context.redis is not None:
        environment["REDIS_URL"] = context.redis.url(with_password=False)
        environment["SOKHAM_REDIS_PASSWORD"] = context.redis.password
    elif settings.redis_url:
        environment["REDIS_URL"] = settings.redis_url
        environment["SOKHAM_REDIS_PASSWORD"] = settings.redis_password
    for name, value in (
        ("VAULT_TOKEN", settings.vault_token),
        ("SOKHAM_VAULT_SECRET_ID", settings.vault_secret_id),
        ("SOKHAM_KEYRING_PASSPHRASE", settings.keyring_passphrase),
    ):
        if value:
            environment[name] = value
    return environment


def settings_of(context: RunContext, process: str) -> Settings:
    """The settings that a process reads from that environment."""
    return read(environment_of(context, process))


def _urls(ports: WebPorts) -> dict[str, str]:
    return {
        "SOKHAM_CENTRAL_URL": f"http://127.0.0.1:{ports.central}",
        "SOKHAM_STAFF_URL": f"http://127.0.0.1:{ports.staff}",
        "SOKHAM_PATIENT_URL": f"http://127.0.0.1:{ports.patient}",
        "SOKHAM_LIVE_URL": f"http://127.0.0.1:{ports.live}",
    }


def _declared() -> list[Field[object]]:
    return [declared for declared in Settings.__dataclass_fields__.values() if "variable" in declared.metadata]
