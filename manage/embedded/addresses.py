"""Where an embedded server listens, and how to sign in."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from psycopg.conninfo import make_conninfo

from manage.errors import CommandFailed


class ServerFailed(CommandFailed):
    """An embedded server did not start, stop, or answer as ours."""

    code = "server_failed"


@dataclass(frozen=True, kw_only=True)
class PostgresAddress:
    """A PostgreSQL server on loopback and its superuser. The password is not in the repr."""

    host: str
    port: int
    superuser: str
    password: str = field(repr=False)
    socket_dir: Path

    def conninfo(
        self, *, database: str = "postgres", user: str | None = None, password: str | None = None, **parameters: str
    ) -> str:
        """A libpq connection string (key=value, quoted) for psycopg; the superuser where no user is given.

        It requires SCRAM, so a program that took the port cannot ask for the password in plain.
        """
        return make_conninfo(
            host=self.host,
            port=self.port,
            dbname=database,
            user=user or self.superuser,
            password=self.password if user is None else password,
            require_auth="scram-sha-256",
            **parameters,
        )

    def url(self, *, database: str = "postgres", user: str | None = None, password: str | None = None) -> str:
        """The same as a URL. Without `password` another user's URL has none. Never log it."""
        secret = self.password if user is None else password
        credentials = quote(user or self.superuser, safe="") + (f":{quote(secret, safe='')}" if secret else "")
        return f"postgresql://{credentials}@{self.host}:{self.port}/{quote(database, safe='')}"


@dataclass(frozen=True, kw_only=True)
class RedisAddress:
    """A Redis server on loopback. The password is not in the repr."""

    host: str
    port: int
    password: str = field(repr=False)

    def url(self, *, database: int = 0, with_password: bool = True) -> str:
        """A URL for redis-py; `with_password` false gives one that may be logged."""
        credentials = f":{quote(self.password, safe='')}@" if with_password else ""
        return f"redis://{credentials}{self.host}:{self.port}/{database}"
