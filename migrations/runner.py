"""Runs migrations on one database: one at a time, all or nothing, never waiting long for a lock, and on record.

The whole upgrade is one transaction. Alembic keeps its own module state while it runs, so two upgrades in one process
take turns here; many at once are `migrations.fleet`'s, with a process each.
"""

import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, Engine, NullPool, create_engine, text

from central.provisioning.grants import apply_grants
from kernel.errors import SokhamError
from kernel.telemetry.logs import get_logger
from migrations.environment import CONNECTION, ON_APPLY

Which = Literal["central", "tenant"]

DATABASE_OWNER: Final = "pg_database_owner"
LOCK_TIMEOUT_MS: Final = 5_000
STATEMENT_TIMEOUT_MS: Final = 600_000

_HISTORY: Final[Mapping[Which, str]] = {"central": "central_migrations", "tenant": "migrations"}
# A number of our own for pg_advisory_xact_lock. It is a transaction's lock, which holds behind a pooler too.
LOCK: Final = 0x6D696772
_turn = threading.Lock()

log = get_logger(__name__)


class MigrationFailed(SokhamError):
    """A database could not be migrated; nothing of the attempt remains but its record. The cause is chained."""

    code = "migration_failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """Where a database stood before and where it stands now; None is a database without any revision."""

    before: str | None
    after: str | None

    @property
    def changed(self) -> bool:
        """Whether there was anything to do."""
        return self.before != self.after


def head(which: Which) -> str:
    """The newest revision in the code."""
    newest = ScriptDirectory.from_config(_config(which)).get_current_head()
    if newest is None:
        raise MigrationFailed(f"there are no {which} migrations")
    return newest


def current(parameters: Mapping[str, Any], which: Which) -> str | None:
    """The revision that a database stands at, None before its first; `parameters` are libpq's."""
    del which  # Both keep it in Alembic's own table; the argument keeps the call like the others.
    engine = _engine(parameters)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def upgrade(
    parameters: Mapping[str, Any],
    which: Which,
    revision: str = "head",
    *,
    lock_timeout_ms: int = LOCK_TIMEOUT_MS,
    statement_timeout_ms: int = STATEMENT_TIMEOUT_MS,
) -> Outcome:
    """Bring a database up to a revision; a hospital's roles get their rights again at the end.

    `parameters` are libpq's, of the database's owner. Raises MigrationFailed.
    """
    return _run(parameters, which, revision, True, lock_timeout_ms, statement_timeout_ms)


def downgrade(
    parameters: Mapping[str, Any],
    which: Which,
    revision: str,
    *,
    lock_timeout_ms: int = LOCK_TIMEOUT_MS,
    statement_timeout_ms: int = STATEMENT_TIMEOUT_MS,
) -> Outcome:
    """Take a database back to a revision, `base` for before the first. Raises MigrationFailed."""
    return _run(parameters, which, revision, False, lock_timeout_ms, statement_timeout_ms)


def _run(
    parameters: Mapping[str, Any],
    which: Which,
    revision: str,
    up: bool,
    lock_timeout_ms: int,
    statement_timeout_ms: int,
) -> Outcome:
    engine = _engine(parameters)
    recorder = _Recorder(which)
    started = time.monotonic()
    try:
        with _turn, engine.begin() as connection:
            _prepare(connection, which, lock_timeout_ms=lock_timeout_ms, statement_timeout_ms=statement_timeout_ms)
            before = MigrationContext.configure(connection).get_current_revision()
            recorder.connection = connection
            config = _config(which)
            config.attributes.update({CONNECTION: connection, ON_APPLY: recorder})
            if up:
                command.upgrade(config, revision)
            else:
                command.downgrade(config, revision)
            after = MigrationContext.configure(connection).get_current_revision()
            if which == "tenant" and up:
                _grant(connection)
    except Exception as err:
        elapsed = int((time.monotonic() - started) * 1000)
        _record_failure(engine, which, target=revision, error=err, elapsed_ms=elapsed)
        raise MigrationFailed(f"migrating to {revision} failed: {type(err).__name__}") from err
    finally:
        engine.dispose()
    log.info("migrations.done", which=which, before=before, after=after, ms=int((time.monotonic() - started) * 1000))
    return Outcome(before=before, after=after)


def _grant(connection: Connection) -> None:
    plain: Any = connection.connection.driver_connection
    apply_grants(plain, database=plain.info.dbname)


def _engine(parameters: Mapping[str, Any]) -> Engine:
    return create_engine("postgresql+psycopg://", connect_args=dict(parameters), poolclass=NullPool)


def _config(which: Which) -> Config:
    config = Config()
    folder = Path(__file__).parent / which
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("version_locations", str(folder / "versions").replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    return config


def _prepare(connection: Connection, which: Which, *, lock_timeout_ms: int, statement_timeout_ms: int) -> None:
    """Take our turn on this database, bound every wait, and close what PostgreSQL leaves open to PUBLIC by default."""
    connection.execute(
        text(
            "SELECT set_config('lock_timeout', :lock, true), set_config('statement_timeout', :statement, true),"
            " set_config('idle_in_transaction_session_timeout', '0', true)"
        ),
        {"lock": str(statement_timeout_ms), "statement": str(statement_timeout_ms)},
    )
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    connection.execute(text("SELECT set_config('lock_timeout', :lock, true)"), {"lock": str(lock_timeout_ms)})
    if which == "tenant":
        connection.exec_driver_sql(f"SET LOCAL ROLE {DATABASE_OWNER}")
    connection.exec_driver_sql("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    connection.exec_driver_sql("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
    connection.exec_driver_sql(_HISTORY_TABLE.format(name=_HISTORY[which]))


class _Recorder:
    """Alembic calls it after each revision; it writes the specification's row in the same transaction."""

    def __init__(self, which: Which) -> None:
        self._which = which
        self._since = time.monotonic()
        self.connection: Connection | None = None

    def __call__(self, *, step: MigrationInfo, **_: object) -> None:
        now = time.monotonic()
        elapsed, self._since = int((now - self._since) * 1000), now
        revision = step.up_revision
        if self.connection is None or not isinstance(revision, Script):
            return
        _insert(
            self.connection,
            self._which,
            name=str(revision.doc),
            version=str(revision.revision),
            checksum=_checksum(Path(revision.path)),
            elapsed_ms=elapsed,
            status="success" if step.is_upgrade else "reverted",
            error=None,
        )


def _checksum(revision: Path) -> str:
    """SHA-256 of a revision and of the SQL files that bear its number."""
    number = revision.name.split("_", 1)[0]
    parts = [revision, *sorted((revision.parents[1] / "sql").glob(f"{number}_*.sql"))]
    return hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()


def _record_failure(engine: Engine, which: Which, *, target: str, error: Exception, elapsed_ms: int) -> None:
    """Leave a row about a failure. Where the database does not even take that, the log has it."""
    # The class and the server's code say enough; the text of an error may quote rows.
    said = f"{type(error).__name__} {getattr(getattr(error, 'orig', None), 'sqlstate', '') or ''}".strip()
    try:
        with engine.begin() as connection:
            _prepare(connection, which, lock_timeout_ms=1_000, statement_timeout_ms=1_000)
            _insert(
                connection,
                which,
                name="upgrade",
                version=target,
                checksum=None,
                elapsed_ms=elapsed_ms,
                status="failed",
                error=said,
            )
    except Exception:
        log.exception("migrations.failure_not_recorded", which=which, target=target)


def _insert(
    connection: Connection,
    which: Which,
    *,
    name: str,
    version: str,
    checksum: str | None,
    elapsed_ms: int,
    status: str,
    error: str | None,
) -> None:
    connection.execute(
        text(_INSERT.format(name=_HISTORY[which])),
        {
            "migration_name": name[:255],
            "version": version,
            "checksum": checksum,
            "execution_time_ms": elapsed_ms,
            "status": status,
            "error_message": error,
        },
    )


# Specification section 10. The runner owns these tables, not a revision: it writes there before the first one has run.
_HISTORY_TABLE: Final = """
CREATE TABLE IF NOT EXISTS {name} (
    id uuid PRIMARY KEY DEFAULT uuidv7(),
    migration_name varchar(255) NOT NULL,
    version varchar(50) NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    checksum varchar(255),
    execution_time_ms integer,
    status varchar(20) NOT NULL CHECK (status IN ('success', 'failed', 'reverted')),
    error_message text
)
"""

_INSERT: Final = """
INSERT INTO {name} (migration_name, version, checksum, execution_time_ms, status, error_message)
VALUES (:migration_name, :version, :checksum, :execution_time_ms, :status, :error_message)
"""
