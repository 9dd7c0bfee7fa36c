"""Whether all processes together can open more connections than the servers allow."""

from collections.abc import Iterator, Mapping
from typing import Final

import psycopg

from central.router.reader import CONNECTIONS as ROUTE_CONNECTIONS
from kernel.settings import Settings
from manage import operator
from manage.doctor.finding import Finding, note, ok, unknown, wrong
from manage.wiring.hospitals import IMPORT_CONNECTIONS

# A pool of central's database: its size and what it may overflow to (kernel.database.engines, manage.wiring).
_CONSOLE: Final = 10
_INGEST: Final = 10
_JOBS: Final = 9
# Migrations, provisioning and commands of the operator.
_OPERATOR: Final = 10

# Process → the most it opens to central's database. In manage/wiring/ stands what each is made of.
_TO_CENTRAL: Final[Mapping[str, int]] = {
    "central": _CONSOLE + _INGEST + ROUTE_CONNECTIONS,
    "staff": ROUTE_CONNECTIONS,
    "patient": ROUTE_CONNECTIONS,
    "live": ROUTE_CONNECTIONS,
    "worker": ROUTE_CONNECTIONS,
    "jobs": ROUTE_CONNECTIONS + _JOBS,
    "operator": _OPERATOR,
}
# The processes that have a router, and with it a budget for hospitals.
_WITH_ROUTER: Final = ("staff", "patient", "live", "worker", "jobs")


def budgets(settings: Settings, *, web_workers: int = 1) -> Iterator[Finding]:
    """Compare; `web_workers` is how many processes each web application has (SOKHAM_WEB_WORKERS)."""
    if not settings.password_owner:
        yield unknown("connections", "Not seen without SOKHAM_PASSWORD_OWNER.", "Give it to the doctor.")
        return
    processes = {name: web_workers if name in {"central", "staff", "patient"} else 1 for name in _TO_CENTRAL}
    to_central = sum(_TO_CENTRAL[name] * count for name, count in processes.items())
    to_hospitals = settings.connection_budget * sum(processes[name] for name in _WITH_ROUTER)
    to_hospitals += IMPORT_CONNECTIONS * processes["staff"]
    with psycopg.connect(**operator.owner_parameters(settings), autocommit=True) as connection:
        row = connection.execute(
            "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
            " - current_setting('reserved_connections')::int"
        ).fetchone()
    allowed = int(row[0]) if row else 0
    own_server = bool(settings.hospital_server_url)
    needed = to_central if own_server else to_central + to_hospitals
    what = "central's server" if own_server else "the server"
    said = f"At most {needed} at once; {what} has {allowed} for roles that are no superuser."
    if needed > allowed:
        yield wrong(
            "connections",
            said,
            f"Raise max_connections by {needed - allowed}, or lower SOKHAM_CONNECTION_BUDGET"
            f" (now {settings.connection_budget} for each of {sum(processes[n] for n in _WITH_ROUTER)} processes).",
        )
    else:
        yield ok("connections", said)
    if own_server:
        yield note(
            "connections",
            f"The hospitals' server or its pooler must allow {to_hospitals} from the processes here.",
            "Compare with its max_connections, or max_client_conn of the pooler.",
        )
