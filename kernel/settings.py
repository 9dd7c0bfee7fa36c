"""Settings: environment variables, each declared once here, so that `sokham doctor` can list them with their source.

Every variable may instead be given as `NAME_FILE`, the path of a file that holds it (a secret mounted by a container).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from marshmallow import ValidationError
from marshmallow import fields as fields_of

from kernel.errors import SokhamError


class InvalidSettings(SokhamError):
    """A setting is missing or wrong; the message names the variable and never its value."""

    code = "invalid_settings"


def setting(variable: str, *, default: Any, about: str, secret: bool = False) -> Any:
    """Declare a setting: its variable, its default (its type is the field's), and one sentence about it."""
    return field(default=default, metadata={"variable": variable, "about": about, "secret": secret})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All that a process can be told from outside. Passwords are per role: a process is given its own only."""

    environment: str = setting("SOKHAM_ENVIRONMENT", default="development", about="development or production")
    process: str = setting("SOKHAM_PROCESS", default="sokham", about="Name of this process in logs and metrics")
    log_level: str = setting("SOKHAM_LOG_LEVEL", default="INFO", about="DEBUG, INFO, WARNING or ERROR")
    data_dir: Path = setting("SOKHAM_DATA_DIR", default=Path(".sokham"), about="Folder of the embedded parts")

    database_url: str = setting("DATABASE_URL", default="", about="Where central's database is (host, port, name)")
    redis_url: str = setting("REDIS_URL", default="", about="Redis, with its password", secret=True)
    redis_password: str = setting("SOKHAM_REDIS_PASSWORD", default="", about="Password of Redis", secret=True)
    hospital_server_url: str = setting(
        "SOKHAM_HOSPITAL_SERVER_URL", default="", about="Server for new hospitals' databases; central's when empty"
    )
    hospital_direct_url: str = setting(
        "SOKHAM_HOSPITAL_DIRECT_URL",
        default="",
        about="The same server past the pooler, for provisioning and migration",
    )
    password_console: str = setting("SOKHAM_PASSWORD_CONSOLE", default="", about="Role of central's app", secret=True)
    password_ingest: str = setting("SOKHAM_PASSWORD_INGEST", default="", about="Role of the sync ingest", secret=True)
    password_route: str = setting("SOKHAM_PASSWORD_ROUTE", default="", about="Role that reads routes", secret=True)
    password_seal: str = setting("SOKHAM_PASSWORD_SEAL", default="", about="Role of the audit sealer", secret=True)
    password_owner: str = setting("SOKHAM_PASSWORD_OWNER", default="", about="Owner of central's schema", secret=True)
    password_provisioner: str = setting(
        "SOKHAM_PASSWORD_PROVISIONER", default="", about="Role that makes hospitals' databases", secret=True
    )
    tls_root_certificate: str = setting(
        "SOKHAM_TLS_ROOT_CERTIFICATE", default="", about="Authority of the PostgreSQL servers' certificates"
    )

    vault_addr: str = setting("VAULT_ADDR", default="", about="Vault; the local keyring is used when empty")
    vault_token: str = setting("VAULT_TOKEN", default="", about="Token for Vault", secret=True)
    vault_role_id: str = setting("SOKHAM_VAULT_ROLE_ID", default="", about="AppRole of this process")
    vault_secret_id: str = setting("SOKHAM_VAULT_SECRET_ID", default="", about="Its secret", secret=True)
    vault_transit_mount: str = setting("SOKHAM_VAULT_TRANSIT_MOUNT", default="transit", about="Mount of Transit")
    keyring_passphrase: str = setting(
        "SOKHAM_KEYRING_PASSPHRASE", default="", about="Passphrase of the local keyring, if it has one", secret=True
    )

    cookie_secret: str = setting(
        "SOKHAM_COOKIE_SECRET", default="", about="Signs the CSRF token of this portal's pages", secret=True
    )
    central_url: str = setting("SOKHAM_CENTRAL_URL", default="http://127.0.0.1:8000", about="Where the worker pushes")
    staff_url: str = setting("SOKHAM_STAFF_URL", default="http://127.0.0.1:8001", about="Staff portal, for links")
    patient_url: str = setting("SOKHAM_PATIENT_URL", default="http://127.0.0.1:8002", about="Patient portal, for links")
    live_url: str = setting(
        "SOKHAM_LIVE_URL",
        default="",
        about="Live updates, for staff's pages; the staff portal's own address behind a proxy",
    )
    live_connections: int = setting(
        "SOKHAM_LIVE_CONNECTIONS", default=1200, about="Browser windows that one live process may hold"
    )
    admin_mfa: str = setting(
        "SOKHAM_ADMIN_MFA",
        default="",
        about="Second factor of super administrators: required or optional; required in production when empty",
    )
    secure_cookies: bool = setting("SOKHAM_SECURE_COOKIES", default=False, about="Send cookies over HTTPS only")
    trusted_proxies: int = setting(
        "SOKHAM_TRUSTED_PROXIES", default=0, about="How many proxies in front set X-Forwarded-For, -Proto and -Host"
    )
    metrics_from: str = setting(
        "SOKHAM_METRICS_FROM", default="127.0.0.1/32,::1/128", about="Networks that may read /metrics"
    )
    ip_deny: str = setting("SOKHAM_IP_DENY", default="", about="Networks that are refused everywhere")

    connection_budget: int = setting(
        "SOKHAM_CONNECTION_BUDGET", default=12, about="Hospital connections that this process may hold open"
    )
    connection_wait_ms: int = setting(
        "SOKHAM_CONNECTION_WAIT_MS", default=2000, about="How long a request waits for one of them"
    )
    statement_timeout_ms: int = setting(
        "SOKHAM_STATEMENT_TIMEOUT_MS", default=15000, about="How long one statement may take"
    )
    transaction_seconds: int = setting(
        "SOKHAM_TRANSACTION_SECONDS", default=20, about="Age at which a transaction on a hospital is cut off"
    )
    rate_per_minute: int = setting("SOKHAM_RATE_PER_MINUTE", default=600, about="Requests of one session a minute")
    sign_in_per_minute: int = setting(
        "SOKHAM_SIGN_IN_PER_MINUTE", default=20, about="Sign-in attempts from one address a minute"
    )
    session_idle_minutes: int = setting(
        "SOKHAM_SESSION_IDLE_MINUTES", default=30, about="Minutes without use after which a session ends"
    )
    session_hours: int = setting(
        "SOKHAM_SESSION_HOURS", default=12, about="Hours after which a session ends in any case"
    )
    argon2_memory_kib: int = setting("SOKHAM_ARGON2_MEMORY_KIB", default=65536, about="Memory of a password check")
    max_body_bytes: int = setting("SOKHAM_MAX_BODY_BYTES", default=1_048_576, about="Largest request body")
    sync_batch: int = setting("SOKHAM_SYNC_BATCH", default=2000, about="Events in one push")
    sync_lease_seconds: int = setting("SOKHAM_SYNC_LEASE_SECONDS", default=60, about="How long a claim holds")
    sync_sweep_seconds: int = setting(
        "SOKHAM_SYNC_SWEEP_SECONDS", default=30, about="How often all hospitals are swept"
    )

    smtp_host: str = setting(
        "SOKHAM_SMTP_HOST", default="", about="Mail server; in development e-mails go into the data folder when empty"
    )
    smtp_port: int = setting("SOKHAM_SMTP_PORT", default=587, about="Its port")
    smtp_security: str = setting(
        "SOKHAM_SMTP_SECURITY", default="starttls", about="starttls, tls, or none for a relay on this machine"
    )
    smtp_user: str = setting("SOKHAM_SMTP_USER", default="", about="Account at the mail server, if it wants one")
    smtp_password: str = setting("SOKHAM_SMTP_PASSWORD", default="", about="Its password", secret=True)
    smtp_timeout_seconds: int = setting("SOKHAM_SMTP_TIMEOUT_SECONDS", default=15, about="How long it may take")
    mail_from: str = setting(
        "SOKHAM_MAIL_FROM", default="", about="Address that e-mails come from, such as nhac-lich@benhvien.vn"
    )
    sms_url: str = setting(
        "SOKHAM_SMS_URL", default="", about="SMS gateway; in development SMS go into the data folder when empty"
    )
    sms_token: str = setting("SOKHAM_SMS_TOKEN", default="", about="Token for the SMS gateway", secret=True)
    sms_sender: str = setting("SOKHAM_SMS_SENDER", default="", about="Registered name that SMS come from")
    sms_timeout_seconds: int = setting("SOKHAM_SMS_TIMEOUT_SECONDS", default=10, about="How long it may take")
    smtp_servers: str = setting(
        "SOKHAM_SMTP_SERVERS",
        default="",
        about="Mail servers at which hospitals may have accounts of their own: name=starttls://host:587, name=tls://host:465",
    )
    sms_gateways: str = setting(
        "SOKHAM_SMS_GATEWAYS",
        default="",
        about="SMS gateways at which hospitals may have accounts of their own: name=https://host/path, name=…",
    )

    sources: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    def __repr__(self) -> str:
        return f"Settings(process={self.process!r}, environment={self.environment!r})"

    @property
    def production(self) -> bool:
        """Whether mistakes that are fine on a laptop must stop the start."""
        return self.environment == "production"

    @property
    def admin_mfa_required(self) -> bool:
        """Whether a super administrator needs a second factor. Raises InvalidSettings."""
        if self.admin_mfa not in {"", "required", "optional"}:
            raise InvalidSettings("SOKHAM_ADMIN_MFA is required or optional")
        return self.production if not self.admin_mfa else self.admin_mfa == "required"


def read(environ: Mapping[str, str]) -> Settings:
    """Settings from an environment. Raises InvalidSettings naming the variable that cannot be read."""
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for declared in fields(Settings):
        variable = declared.metadata.get("variable")
        if not variable:
            continue
        raw, sources[variable] = _raw(environ, variable)
        if raw is not None:
            values[declared.name] = _parsed(variable, raw, like=type(declared.default))
    return Settings(**values, sources=sources)


def _raw(environ: Mapping[str, str], variable: str) -> tuple[str | None, str]:
    if (named := environ.get(f"{variable}_FILE")) is not None:
        try:
            return Path(named).read_text(encoding="utf-8").rstrip("\n"), "file"
        except OSError as err:
            raise InvalidSettings(f"{variable}_FILE names a file that cannot be read: {err.strerror}") from err
    if variable in environ:
        return environ[variable], "environment"
    return None, "default"


def _parsed(variable: str, raw: str, *, like: type) -> object:
    try:
        if issubclass(like, bool):
            return fields_of.Boolean().deserialize(raw)
        if issubclass(like, int):
            return fields_of.Integer().deserialize(raw)
    except ValidationError as err:
        raise InvalidSettings(f"{variable} is not a valid {like.__name__}") from err
    return Path(raw) if issubclass(like, Path) else raw
