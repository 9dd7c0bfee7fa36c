"""Each hospital's database: reachable, the right one, at the head, what waits there."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import psycopg
from sqlalchemy import select

from central.registry.public import Tenant
from jobs.sealing.public import hospital_log
from kernel.clock import utc_now
from kernel.ids import TenantId
from kernel.settings import Settings
from keys.public import KeyRefused, KeySourceUnavailable
from manage import operator
from manage.doctor.finding import Finding, note, ok, unknown, wrong
from manage.doctor.key_source import key_remedy, key_source_name
from manage.doctor.servers import owner_of, partitions, seal_lag
from manage.fleet import hospital_targets
from migrations import runner
from migrations.fleet import Target

AT_ONCE: Final = 8
# The worker sweeps every half minute; what central refuses for a while backs off to some minutes.
PENDING_SECONDS: Final = 600.0
WORKING: Final = ("active",)


def hospitals(settings: Settings) -> Iterator[Finding]:
    """Every hospital that has a database, side by side, and those that are stuck on their way to one."""
    if not settings.password_owner:
        yield unknown(
            "hospitals",
            "Without the owner's password of central's database they are not seen.",
            "Give SOKHAM_PASSWORD_OWNER (or SOKHAM_PASSWORD_OWNER_FILE).",
        )
        return
    with owner_of(operator.owner_parameters(settings)) as database, database.unit_of_work() as uow:
        rows = uow.session.execute(select(Tenant.tenant_code, Tenant.id, Tenant.status)).all()
    known = {code: (TenantId.parse(identity), status) for code, identity, status in rows}
    for code, (_, status) in sorted(known.items()):
        if status in ("provisioning", "failed"):
            yield note(
                f"hospital {code}", f"It is {status}.", f"`sokham tenant create {code}` goes on where it stopped."
            )
    try:
        targets, unreadable = hospital_targets(settings)
    except (KeySourceUnavailable, KeyRefused) as err:
        yield wrong("hospitals", f"Their credentials cannot be opened: {err}.", key_remedy(settings, err))
        return
    for each in unreadable:
        if each.error == KeySourceUnavailable.code:
            yield wrong(
                f"hospital {each.tenant_code}",
                f"Its sealed credential cannot be opened: the {key_source_name(settings)} does not answer.",
                key_remedy(settings, KeySourceUnavailable()),
            )
            continue
        yield wrong(
            f"hospital {each.tenant_code}",
            f"Its sealed credential does not open ({each.error}): the row was changed, or the key is another.",
            f"Look at the security events; `sokham tenant rotate-credentials {each.tenant_code}` writes new ones.",
        )
    if not rows:
        yield note("hospitals", "There is none yet.", "Make one with `sokham tenant create`.")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for found in pool.map(lambda target: list(_hospital(target, *known[target.tenant_code])), targets):
            yield from found


def _hospital(target: Target, tenant: TenantId, status: str) -> Iterator[Finding]:
    check = f"hospital {target.tenant_code}"
    try:
        with psycopg.connect(**target.parameters, autocommit=True) as connection:
            yield from _look(connection, check, target.tenant_code, tenant, status)
        if status in WORKING:
            with owner_of(target.parameters) as database, database.unit_of_work() as uow:
                log = hospital_log(tenant)
                waiting, seconds = log.unsealed(uow, after=log.head(uow).last)
            yield seal_lag(f"{check}: audit log", waiting, seconds)
    except psycopg.OperationalError:
        place = f"{target.parameters['host']}:{target.parameters['port']}/{target.parameters['dbname']}"
        yield wrong(check, f"Its database does not answer ({place}).", "Start its server, or see what is in the way.")
    except Exception as err:  # noqa: BLE001 - a hospital whose database is broken must not hide the others.
        yield wrong(check, f"It is not as it should be ({type(err).__name__}).", "See `sokham migrate status`.")


def _look(
    connection: psycopg.Connection[Any], check: str, code: str, tenant: TenantId, status: str
) -> Iterator[Finding]:
    fingerprint = connection.execute("SELECT tenant_id FROM hospital_identity").fetchone()
    if fingerprint is None or fingerprint[0] != tenant:
        yield wrong(
            check,
            "Its database says that it is another hospital's.",
            "Do not write to it. Compare tenant_credentials with the server, and look at the security events.",
        )
        return
    head = runner.head("tenant")
    at = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if at is None or at[0] != head:
        yield wrong(
            check,
            f"Its tables stand at {at[0] if at else 'nothing'}, the code at {head}.",
            f"Run `sokham migrate tenants --only {code}`.",
        )
        return
    yield ok(check, f"{status}, the right database, at {head}")
    yield from partitions(connection, "audit_logs", where=check)
    pending, oldest, dead = connection.execute("SELECT * FROM sync_backlog()").fetchall()[0]
    age = 0.0 if oldest is None else (utc_now() - oldest).total_seconds()
    if dead:
        yield note(f"{check}: sync", f"{dead} dead letters wait for a decision.", "See `sokham sync dead-letters`.")
    if age > PENDING_SECONDS and status in WORKING:
        yield wrong(
            f"{check}: sync",
            f"{pending} events wait for central, the oldest for {age / 60:.0f} minutes.",
            "Start `sokham sync run` (`sokham up` does), and see its log: does it reach central?",
        )
    else:
        yield ok(f"{check}: sync", f"{pending} events wait, the oldest for {age:.0f} s" if pending else "nothing waits")
