"""Synchronisation: run the worker, see how it stands, decide about dead letters, publish patients again."""

import gc
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from prometheus_client import start_http_server
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from central.router.public import HospitalUnknown, RedisOutages
from central.sync.public import (
    DEAD_STATES,
    DeadLetterView,
    Decision,
    RedisBellListener,
    RedisDoorbell,
    decide,
    listed,
    standing,
)
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import NotFound
from kernel.ids import TenantId, parse_tenant_code
from kernel.redis_client import HelpfulRedis, connect
from kernel.settings import Settings
from kernel.telemetry import logs
from manage import operator, wiring
from manage.cli import data_dir_option
from manage.commands.jobs import process_settings
from manage.data_dir import DataDir
from manage.embedded.ports import LOOPBACK
from manage.errors import CommandFailed
from manage.republishing import Republished, republish_hospitals
from manage.supervision.signals import StopSignals
from sync_worker.client import CentralClient
from sync_worker.hospital import Pace
from sync_worker.runner import Schedule, Worker
from sync_worker.sealing import Sealer

# Longer than the bell's own wait, so that a quiet hospital is no time-out.
_BELL_ANSWER_SECONDS = 5.0
_LOOK_SECONDS = 1.0

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def sync() -> None:
    """Synchronisation: run the worker, see how it stands, decide about dead letters, publish patients again."""


@sync.command()
@click.option("--tenant", metavar="CODE", help="Only this hospital.")
@click.option("--once", is_flag=True, help="Push and fetch what is due now, then end.")
@click.option("--metrics-port", type=click.IntRange(1, 65535), help="Show figures at this port of loopback.")
@data_dir_option
def run(tenant: str | None, once: bool, metrics_port: int | None, data_dir: Path) -> None:
    """Bring central what hospitals publish, until SIGTERM. Several workers may run beside each other."""
    settings = process_settings(data_dir)
    logs.configure(level=settings.log_level, process=settings.process)
    with StopSignals() as stop, _worker(settings, only=tenant) as worker:
        if metrics_port is not None:
            start_http_server(metrics_port, addr=LOOPBACK)
        # What was imported stays for good: the collector need not look at it again with every batch.
        gc.collect()
        gc.freeze()
        work = threading.Thread(target=worker.run_once if once else worker.run, name="sync")
        work.start()
        while work.is_alive() and not stop.wait(_LOOK_SECONDS):
            pass
        worker.stop()
        work.join()


@sync.command()
@json_option
@data_dir_option
def status(as_json: bool, data_dir: Path) -> None:
    """How each hospital's synchronisation stands, as central knows it."""
    with _central(data_dir) as (_, uow):
        rows = standing(uow=uow)
    shown = [
        {
            "tenant_code": row.tenant_code,
            "status": row.status,
            "backlog": row.backlog,
            "oldest_pending_at": _text(row.oldest_pending_at),
            "last_success_at": _text(row.last_success_at),
            "dead_letters": row.dead_letters,
        }
        for row in rows
    ]
    if as_json:
        click.echo(json.dumps({"items": shown}, indent=2))
        return
    table = Table("Hospital", "Status", "Backlog", "Oldest", "Last push", "Dead letters", box=None)
    for row in shown:
        table.add_row(*(str(value) if value is not None else "" for value in row.values()))
    Console().print(table)


@sync.command("dead-letters")
@click.option("--state", type=click.Choice(DEAD_STATES), help="Only those in this state.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@json_option
@data_dir_option
def dead_letters(state: str | None, limit: int, as_json: bool, data_dir: Path) -> None:
    """Events that were given up, the latest failure first."""
    with _central(data_dir) as (_, uow):
        items, _more = listed(uow=uow, limit=limit, cursor=None, state=state)
    if as_json:
        click.echo(json.dumps({"items": [_shown(item) for item in items]}, indent=2))
        return
    table = Table("Id", "Hospital", "Event", "Reason", "Attempts", "Last failed", "State", box=None)
    for item in items:
        table.add_row(
            str(item.id),
            item.tenant_code,
            item.event_type,
            item.reason,
            str(item.attempts),
            _text(item.last_failed_at),
            item.state,
        )
    Console().print(table)


@sync.command()
@click.argument("dead_letter", metavar="ID", type=click.UUID)
@data_dir_option
def replay(dead_letter: UUID, data_dir: Path) -> None:
    """Have the hospital's worker push a dead letter again."""
    _decide(data_dir, dead_letter, "replay")


@sync.command()
@click.argument("dead_letter", metavar="ID", type=click.UUID)
@data_dir_option
def discard(dead_letter: UUID, data_dir: Path) -> None:
    """Have the hospital's worker drop a dead letter."""
    _decide(data_dir, dead_letter, "discard")


@sync.command()
@click.option("--tenant", metavar="CODE", help="Only this hospital.")
@click.option("--all", "everyone", is_flag=True, help="Every hospital.")
@click.option("--after", metavar="PATIENT", type=click.UUID, help="Go on behind this patient (with --tenant).")
@json_option
@data_dir_option
def republish(tenant: str | None, everyone: bool, after: UUID | None, as_json: bool, data_dir: Path) -> None:
    """Publish all patients of hospitals again, as they are now, after central or a hospital was restored.

    The worker brings them to central, which takes what it does not have and answers the rest as stale; so it does no
    harm when nothing was lost, or when it is run twice. One that was stopped is gone on with by --after.
    """
    if (tenant is None) != everyone or (after is not None and tenant is None):
        raise click.UsageError("Give either --tenant CODE (and --after, if you like) or --all.")
    settings = operator.operator_settings(DataDir(data_dir))
    done: list[Republished] = []
    last: UUID | None = None
    with Progress(console=Console(stderr=True), disable=as_json, transient=True) as bar:
        task = bar.add_task("Patients", total=None)

        def show(so_far: Republished) -> None:
            nonlocal last
            last = so_far.last
            bar.update(task, description=so_far.tenant_code, total=so_far.total, completed=so_far.patients)

        try:
            for each in republish_hospitals(settings, only=tenant, after=after, progress=show):
                done.append(each)
                if not as_json:
                    click.echo(_republished(each))
        except KeyboardInterrupt:
            if tenant is not None and last is not None:
                click.echo(f"Go on with: sokham sync republish --tenant {tenant} --after {last}", err=True)
            raise
    if as_json:
        click.echo(json.dumps({"items": [asdict(each) for each in done]}, indent=2, default=str))
    if failed := [each.tenant_code for each in done if each.error]:
        raise CommandFailed(f"{len(failed)} of {len(done)} not republished whole: {', '.join(failed)}")


def _republished(each: Republished) -> str:
    said = f"{each.tenant_code}: {each.events} events for {each.patients} patients"
    if each.error is None:
        return said
    behind = f"; go on with --after {each.last}" if each.last else ""
    return f"{said}, then {each.said or each.error}{behind}"


def _decide(data_dir: Path, dead_letter: UUID, decision: Decision) -> None:
    with _central(data_dir) as (settings, uow):
        try:
            tenant = decide(uow=uow, actor=None, dead_letter=dead_letter, decision=decision)
        except NotFound as err:
            raise CommandFailed(f"There is no dead letter {dead_letter}.") from err
        uow.commit()
        redis = wiring.helpful_redis(settings)
        if redis is not None:
            RedisDoorbell(redis).ring(tenant, changes=True)
    click.echo(f"{decision} was asked of the hospital's worker.")


@contextmanager
def _worker(settings: Settings, *, only: str | None) -> Iterator[Worker]:
    routed = wiring.routing(settings, process="sync_worker", purpose="sync", with_index=True)
    if routed.blind_index is None:
        raise CommandFailed("There is no blind index key: run `sokham up` or `sokham setup` first.")
    bell = None
    if settings.redis_url:
        client = connect(settings.redis_url, password=settings.redis_password, answer_seconds=_BELL_ANSWER_SECONDS)
        bell = RedisBellListener(HelpfulRedis(client))
    try:
        yield Worker(
            hospitals=routed.router,
            client=CentralClient(base_url=settings.central_url),
            sealer=Sealer(keychain=routed.keychain, keys=routed.reader, blind_index=routed.blind_index),
            keychain=routed.keychain,
            bell=bell,
            outages=RedisOutages(routed.redis),
            pace=Pace(batch=settings.sync_batch, lease_seconds=settings.sync_lease_seconds),
            schedule=Schedule(sweep_seconds=settings.sync_sweep_seconds),
            only=None if only is None else frozenset({_tenant(routed, only)}),
        )
    finally:
        routed.router.close()


def _tenant(routed: wiring.Routing, code: str) -> TenantId:
    wanted = parse_tenant_code(code)
    for known in routed.router.tenants():
        if known.tenant_code == wanted:
            return TenantId.parse(known.tenant_id)
    raise HospitalUnknown


@contextmanager
def _central(data_dir: Path) -> Iterator[tuple[Settings, UnitOfWork]]:
    settings = operator.operator_settings(DataDir(data_dir))
    database = operator.console_database(settings)
    try:
        with database.unit_of_work() as uow:
            yield settings, uow
    finally:
        database.dispose()


def _shown(item: DeadLetterView) -> dict[str, Any]:
    return {
        name: value if isinstance(value, int | str | None) else _text(value) for name, value in item._asdict().items()
    }


def _text(moment: Any) -> str:
    if moment is None:
        return ""
    return str(moment.isoformat(timespec="seconds")) if hasattr(moment, "isoformat") else str(moment)
