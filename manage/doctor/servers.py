"""PostgreSQL with central's database, and Redis."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg
from redis.exceptions import AuthenticationError, RedisError
from sqlalchemy import text

from central import roles
from jobs.sealing.public import central_logs
from kernel.clock import utc_now
from kernel.database.engines import Database, engine_for, parameters_of
from kernel.redis_client import connect
from kernel.settings import Settings
from manage import operator
from manage.doctor.finding import Finding, note, ok, unknown, wrong
from manage.doctor.security_events import security_events
from migrations import runner

OLDEST_POSTGRES: Final = 180000
SKEW_NOTE_SECONDS: Final = 1.0
# Tokens are taken that are this much ahead or behind (keys.signing.LEEWAY).
SKEW_SECONDS: Final = 5.0
SEALED_WITHIN_SECONDS: Final = 60.0
JOB_WITHIN_SECONDS: Final = 60.0
KEY_ENDS_SOON: Final = timedelta(days=30)
PARTITIONS_AHEAD: Final = timedelta(days=60)

_LAST_PARTITION: Final = r"""
SELECT max((regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz)
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = %s::regclass
"""


def postgres(settings: Settings) -> Iterator[Finding]:
    """The server: reachable, new enough, its clock, roles; then central's database."""
    parameters = _parameters(settings)
    try:
        with psycopg.connect(**parameters, autocommit=True) as connection:
            yield from _server(connection)
            yield from _roles(connection)
            if parameters["user"] != roles.OWNER:
                yield unknown(
                    "central's database",
                    "Without its owner's password the doctor sees no table.",
                    "Give SOKHAM_PASSWORD_OWNER (or SOKHAM_PASSWORD_OWNER_FILE).",
                )
                return
            yield from _central(connection, settings)
    except psycopg.OperationalError as err:
        yield _not_reachable(err, parameters)
        return
    yield from _central_seals(settings)


def redis(settings: Settings) -> Iterator[Finding]:
    """Redis: it helps and is never the only truth, so that everything goes on without it, slower."""
    if not settings.redis_url:
        yield wrong(
            "Redis",
            "It is not running, or REDIS_URL is missing: central does not start without it.",
            "Start `sokham up`, or set REDIS_URL.",
        )
        return
    try:
        with connect(settings.redis_url, password=settings.redis_password, answer_seconds=3) as client:
            server = client.info("server")
            config = client.info("memory")
    except AuthenticationError:
        yield wrong("Redis", "It refuses the password.", "Correct SOKHAM_REDIS_PASSWORD (or the one in REDIS_URL).")
        return
    except (RedisError, OSError):
        yield wrong(
            "Redis",
            "It does not answer. Sign-in, reads and writes go on; hospitals' changes reach central later.",
            "Start it, or correct REDIS_URL.",
        )
        return
    said = f"{server['redis_version']}, {config['used_memory_human']} in use"
    if str(config.get("maxmemory_policy", "")).startswith("allkeys"):
        yield wrong(
            "Redis",
            f"{said}; its policy {config['maxmemory_policy']} throws out doorbells and streams.",
            "Set maxmemory-policy to volatile-lru.",
        )
    else:
        yield ok("Redis", said)


def _parameters(settings: Settings) -> dict[str, Any]:
    if settings.password_owner:
        return operator.owner_parameters(settings)
    for role in ("seal", "console", "route", "ingest"):
        if password := getattr(settings, f"password_{role}"):
            return parameters_of(
                settings.database_url, user=f"sokham_{role}", password=password, application="sokham-doctor"
            )
    return parameters_of(settings.database_url, user=roles.OWNER, password="", application="sokham-doctor")


def _not_reachable(err: psycopg.OperationalError, parameters: Mapping[str, Any]) -> Finding:
    place = f"{parameters['host']}:{parameters['port']}, database {parameters['dbname']}, user {parameters['user']}"
    said = str(err).lower()
    if "does not exist" in said:
        why, remedy = "there is no such database or role", "Run `sokham up`, or `sokham setup` on servers of your own."
    elif "password" in said or "authentication" in said:
        why, remedy = "the password is refused", "Correct the SOKHAM_PASSWORD_… of this role."
    elif "too many" in said or "remaining connection slots" in said:
        why, remedy = "all its connections are taken", "Raise max_connections, or lower SOKHAM_CONNECTION_BUDGET."
    elif "ssl" in said or "certificate" in said:
        why, remedy = "its certificate is not trusted", "Set SOKHAM_TLS_ROOT_CERTIFICATE to the authority's file."
    else:
        why, remedy = "nothing answers there", "Start the server, or correct DATABASE_URL."
    return wrong("PostgreSQL", f"Not reachable ({place}): {why}.", remedy)


def _server(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    number = connection.info.server_version
    begun = time.time()
    row = connection.execute("SELECT extract(epoch FROM clock_timestamp()), version()").fetchone()
    skew = abs(float(row[0]) - (begun + time.time()) / 2) if row else 0.0
    shown = f"{number // 10000}.{number % 10000}"
    if number < OLDEST_POSTGRES:
        yield wrong("PostgreSQL", f"Version {shown} is too old.", "Sokham needs PostgreSQL 18 (uuidv7() and others).")
    else:
        yield ok("PostgreSQL", f"{shown}, answers")
    if skew > SKEW_SECONDS:
        yield wrong(
            "clock",
            f"This machine and the database differ by {skew:.1f} s: tokens are refused.",
            "Let both keep time with NTP.",
        )
    elif skew > SKEW_NOTE_SECONDS:
        yield note("clock", f"This machine and the database differ by {skew:.1f} s.", "Let both keep time with NTP.")
    else:
        yield ok("clock", f"{skew * 1000:.0f} ms apart from the database's")


def _roles(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    found = {
        row[0]: row[1:]
        for row in connection.execute(
            "SELECT rolname, rolcanlogin, rolsuper OR rolbypassrls OR rolreplication, rolcreatedb AND rolcreaterole"
            " FROM pg_roles WHERE rolname = ANY(%s)",
            (list(roles.ALL),),
        )
    }
    missing = sorted(set(roles.ALL) - set(found))
    mighty = sorted(name for name, (_, too_much, _) in found.items() if too_much)
    remedy = "Run `sokham up`, or `sokham setup` on servers of your own."
    if missing:
        yield wrong("roles", f"Missing: {', '.join(missing)}.", remedy)
    if mighty:
        yield wrong(
            "roles",
            f"Too mighty: {', '.join(mighty)}.",
            "ALTER ROLE … NOSUPERUSER NOBYPASSRLS NOREPLICATION",
        )
    if roles.PROVISIONER in found and not found[roles.PROVISIONER][2]:
        yield wrong("roles", f"{roles.PROVISIONER} cannot make databases and roles.", remedy)
    if not missing and not mighty:
        yield ok("roles", f"all {len(found)} of central's")


def _central(connection: psycopg.Connection[Any], settings: Settings) -> Iterator[Finding]:
    head = runner.head("central")
    if connection.execute("SELECT to_regclass('alembic_version')").fetchall()[0][0] is None:
        yield wrong("central's tables", "There are none.", "Run `sokham migrate central`.")
        return
    at = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    if at != [(head,)]:
        stands = at[0][0] if at else "nothing"
        yield wrong("central's tables", f"They stand at {stands}, the code at {head}.", "Run `sokham migrate central`.")
        return
    yield ok("central's tables", f"at {head}")
    yield from _jobs(connection)
    yield from _token_keys(connection)
    for table in ("admin_audit_logs", "security_audit_logs"):
        yield from partitions(connection, table, where="central")
    yield security_events(connection, console=settings.central_url)


def partitions(connection: psycopg.Connection[Any], table: str, *, where: str) -> Iterator[Finding]:
    """Whether the audit log's partitions reach far enough; without one nothing that is audited works."""
    ends = connection.execute(_LAST_PARTITION, (table,)).fetchall()[0][0]
    if ends is None or ends < utc_now() + PARTITIONS_AHEAD:
        until = "now" if ends is None else f"{ends:%Y-%m-%d}"
        yield wrong(
            f"{where}: partitions",
            f"Those of {table} end {until}; after it nothing that is audited works.",
            "See `sokham jobs status`: the job `partitions` makes them.",
        )


def _jobs(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    rows = connection.execute(
        "SELECT name, extract(epoch FROM now() - succeeded_at), failures, last_error FROM job_leases ORDER BY name"
    ).fetchall()
    remedy = "Start `sokham jobs run` (`sokham up` does), and see its log and `sokham jobs status`."
    if not rows:
        yield wrong("jobs", "No job has ever run: audit logs are not sealed.", remedy)
        return
    for name, ago, failures, error in rows:
        if failures:
            yield wrong("jobs", f"{name} failed {failures} times in a row ({error}).", remedy)
        elif name.startswith("audit.") and (ago is None or ago > JOB_WITHIN_SECONDS):
            said = "has never run to its end" if ago is None else f"ran {ago:.0f} s ago, and should every two seconds"
            yield wrong("jobs", f"{name} {said}.", remedy)
        else:
            yield ok("jobs", f"{name} ran {ago:.0f} s ago" if ago is not None else f"{name} has not run yet")


def _token_keys(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    rows = connection.execute("SELECT issuer, max(not_after) FROM signing_keys GROUP BY issuer").fetchall()
    remedy = "Restart `sokham up` (or run `sokham setup`): it makes new ones; then restart the web processes."
    ends: dict[str, datetime | None] = dict(rows)
    soonest: datetime | None = None
    for issuer in ("central", "staff", "patient"):
        end = ends.get(issuer)
        if end is None or end <= utc_now():
            yield wrong("signing keys", f"{issuer} has none: nobody can sign in there.", remedy)
            return
        soonest = end if soonest is None else min(soonest, end)
    if soonest is not None and soonest < utc_now() + KEY_ENDS_SOON:
        yield note("signing keys", f"The first ends {soonest:%Y-%m-%d}.", remedy)
    else:
        yield ok("signing keys", f"good until {soonest:%Y-%m-%d}")


def _central_seals(settings: Settings) -> Iterator[Finding]:
    with owner_of(operator.owner_parameters(settings)) as database, database.unit_of_work() as uow:
        if uow.session.execute(text("SELECT to_regclass('job_leases')")).scalar_one() is None:
            return
        for log in central_logs():
            waiting, seconds = log.unsealed(uow, after=log.head(uow).last)
            yield seal_lag(f"central: {log.rows.name}", waiting, seconds)


def seal_lag(check: str, waiting: int, seconds: float) -> Finding:
    """Whether rows of an audit log wait too long for their seal."""
    if waiting and seconds > SEALED_WITHIN_SECONDS:
        return wrong(
            check,
            f"{waiting} audit rows wait for a seal, the oldest since {seconds:.0f} s.",
            "See `sokham jobs status`. A transaction that stays open anywhere on the server holds seals up too:"
            " look for it in pg_stat_activity (xact_start).",
        )
    return ok(check, "sealed" if not waiting else f"{waiting} rows wait for a seal, {seconds:.0f} s at most")


@contextmanager
def owner_of(parameters: Mapping[str, Any]) -> Iterator[Database]:
    """A database under the parameters given, closed at the end."""
    database = Database(engine_for(parameters, pool_size=1, max_overflow=0))
    try:
        yield database
    finally:
        database.dispose()
