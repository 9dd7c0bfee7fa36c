"""How connections to PostgreSQL are made, in central's databases and in the hospitals'."""

from collections.abc import Mapping
from functools import cache, partial
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import Engine, NullPool, Pool, create_engine
from sqlalchemy.orm import Session, sessionmaker

from kernel.database.unit_of_work import UnitOfWork

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def connection_parameters(
    *,
    host: str,
    port: int,
    database: str,
    user: str,
    password: str,
    application: str,
    statement_timeout_ms: int = 30_000,
    connect_timeout_s: int = 3,
    sslmode: str | None = None,
    sslrootcert: str | None = None,
) -> dict[str, Any]:
    """libpq parameters: SCRAM is required, TLS is verified off loopback, and nothing waits for ever.

    `require_auth` keeps a server that was put in another's place from asking for the password in clear.
    """
    options = (
        f"-c statement_timeout={statement_timeout_ms} -c idle_in_transaction_session_timeout={2 * statement_timeout_ms}"
    )
    parameters: dict[str, Any] = {
        "host": host,
        "port": port,
        "dbname": database,
        "user": user,
        "password": password,
        "application_name": application,
        "connect_timeout": connect_timeout_s,
        "require_auth": "scram-sha-256",
        "sslmode": sslmode or ("disable" if host in LOOPBACK else "verify-full"),
        "tcp_user_timeout": statement_timeout_ms,
        "keepalives_idle": 30,
        "options": options,
    }
    if sslrootcert:
        parameters["sslrootcert"] = sslrootcert
    return parameters


def parameters_of(url: str, *, user: str, password: str, application: str) -> dict[str, Any]:
    """The same for a URL that says where a server is; its own user and password, if any, are left out."""
    place: Mapping[str, Any] = conninfo_to_dict(url)
    return connection_parameters(
        host=str(place.get("host", "127.0.0.1")),
        port=int(place.get("port", 5432)),
        database=str(place.get("dbname", "sokham_central")),
        user=user,
        password=password,
        application=application,
        sslmode=place.get("sslmode"),
        sslrootcert=place.get("sslrootcert"),
    )


def conninfo(parameters: Mapping[str, Any]) -> str:
    """The parameters as one libpq string."""
    return make_conninfo("", **dict(parameters))


def engine_for(parameters: Mapping[str, Any], *, pool_size: int = 5, max_overflow: int = 5) -> Engine:
    """An engine with a bounded pool that hands out live connections and gives up after a set time."""
    return create_engine(
        "postgresql+psycopg://",
        connect_args=dict(parameters),
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_timeout=5,
        pool_pre_ping=True,
        pool_recycle=1800,
    )


@cache
def _visited_once() -> Engine:
    # hstore is not used, and looking for it would cost each new connection a question.
    return create_engine("postgresql+psycopg://", poolclass=NullPool, use_native_hstore=False)


def engine_for_one(parameters: Mapping[str, Any]) -> Engine:
    """An engine that keeps no connection, for a database that is visited once: it costs what the connection costs.

    All of them share what SQLAlchemy asks of a server at the first connection, and what it compiled.
    """
    opened: Any = partial(psycopg.connect, **parameters)
    pattern = _visited_once()
    return engine_like(pattern, NullPool(opened, _dispatch=pattern.pool.dispatch, dialect=pattern.dialect))


def engine_like(pattern: Engine, pool: Pool) -> Engine:
    """An engine over `pool` that shares the pattern's dialect and compiled statements."""
    return Engine(
        pool,
        pattern.dialect,
        pattern.url,
        query_cache_size=0,
        hide_parameters=True,
        execution_options={"compiled_cache": pattern._compiled_cache},
    )


class Database:
    """One database under one role: central's console, ingest, and so on."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._sessions = sessionmaker(engine, expire_on_commit=False)

    def unit_of_work(self) -> UnitOfWork:
        """A transaction; use it as a context manager and commit at the edge."""
        return UnitOfWork(self._sessions())

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    close = dispose


def session_on(bind: Any, *, expire_on_commit: bool = False) -> Session:
    """A session over an engine or connection with the options that we use everywhere."""
    return Session(bind, expire_on_commit=expire_on_commit)
