"""A PostgreSQL server for hospitals' databases, as the provisioner sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import psycopg
from psycopg.conninfo import conninfo_to_dict

from central import roles
from kernel.database.engines import connection_parameters
from kernel.settings import Settings

MAINTENANCE_DATABASE = "postgres"
_STATEMENT_TIMEOUT_MS = 120_000


@dataclass(frozen=True, kw_only=True, slots=True)
class HospitalServer:
    """`host` and `port` are what applications connect to (a pooler, perhaps); `direct_*` lead past it."""

    host: str
    port: int
    direct_host: str
    direct_port: int
    provisioner_password: str = field(repr=False)
    sslmode: str | None = None
    sslrootcert: str | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """From SOKHAM_HOSPITAL_SERVER_URL and SOKHAM_HOSPITAL_DIRECT_URL; central's server where they are empty."""
        seen: Mapping[str, Any] = conninfo_to_dict(settings.hospital_server_url or settings.database_url)
        direct: Mapping[str, Any] = conninfo_to_dict(
            settings.hospital_direct_url or settings.hospital_server_url or settings.database_url
        )
        return cls(
            host=str(seen.get("host", "127.0.0.1")),
            port=int(seen.get("port", 5432)),
            direct_host=str(direct.get("host", "127.0.0.1")),
            direct_port=int(direct.get("port", 5432)),
            provisioner_password=settings.password_provisioner,
            sslmode=direct.get("sslmode"),
            sslrootcert=settings.tls_root_certificate or direct.get("sslrootcert"),
        )

    def parameters(self, *, database: str, user: str, password: str) -> dict[str, Any]:
        """libpq parameters past the pooler."""
        return connection_parameters(
            host=self.direct_host,
            port=self.direct_port,
            database=database,
            user=user,
            password=password,
            application="sokham-provisioning",
            statement_timeout_ms=_STATEMENT_TIMEOUT_MS,
            sslmode=self.sslmode,
            sslrootcert=self.sslrootcert,
        )

    def as_provisioner(self, database: str = MAINTENANCE_DATABASE) -> dict[str, Any]:
        """The provisioner's own parameters."""
        return self.parameters(database=database, user=roles.PROVISIONER, password=self.provisioner_password)

    def connect(self) -> psycopg.Connection[Any]:
        """A connection of the provisioner, autocommitting: databases are not made inside a transaction."""
        return psycopg.connect(**self.as_provisioner(), autocommit=True)
