"""Hospitals: create, invite again, list, show, suspend, resume, rotate credentials, begin an epoch."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from central.audit.public import record
from central.provisioning.public import CredentialRotation, FirstInvite, FirstStaff, Provisioned, Rotation
from central.registry.public import (
    SUBSCRIPTION_PLANS,
    NewTenant,
    OperationRunning,
    Tenant,
    credentials_of,
    latest_operation,
    list_tenants,
    resume,
    suspend,
    tenant_by_code,
)
from kernel.database.engines import Database
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from kernel.settings import Settings
from keys.public import PROCESSES
from manage import operator, provisioning
from manage.cli import data_dir_option, json_option
from manage.data_dir import DataDir
from manage.epochs import begin_epoch

_PAGE = 200
_POLICY = PROCESSES["central"]


@click.group()
def tenant() -> None:
    """Hospitals: create, invite again, list, show, suspend, resume, rotate credentials, begin an epoch."""


@tenant.command()
@click.argument("code")
@click.option("--name", required=True, help="Name of the hospital, any letters.")
@click.option("--display-name", help="Shorter name to show.")
@click.option("--domain", help="Its own host name, if it has one.")
@click.option("--plan", type=click.Choice(SUBSCRIPTION_PLANS), default="basic", show_default=True)
@click.option("--admin-username", default="admin", show_default=True, help="First member of staff: user name.")
@click.option("--admin-email", help="E-mail address; admin@<code>.invalid when not given.")
@click.option("--admin-name", help="Full name; the user name when not given.")
@json_option
@data_dir_option
def create(
    code: str,
    name: str,
    display_name: str | None,
    domain: str | None,
    plan: str,
    admin_username: str,
    admin_email: str | None,
    admin_name: str | None,
    as_json: bool,
    data_dir: Path,
) -> None:
    """Create a hospital: its roles, database and credentials; prints the one-time invite of its first user.

    A hospital of this code whose creation was killed or failed is gone on with.
    """
    new = NewTenant(tenant_code=code, name=name, display_name=display_name, domain=domain, subscription_plan=plan)
    admin = FirstStaff(
        username=admin_username,
        email=admin_email or f"{admin_username}@{code.strip().lower()}.invalid",
        full_name=admin_name or admin_username,
    )
    with _central(data_dir) as (settings, database):
        made = provisioning.provisioner(settings, central=database, policy=_POLICY).provision_or_resume(
            new=new, admin=admin
        )
    if as_json:
        click.echo(json.dumps(_created(made), indent=2, ensure_ascii=False))
        return
    click.echo(f"{made.tenant_code} is {made.status} (id {made.tenant}).")
    _say_invite(made.invite, whom=admin.username)


@tenant.command()
@click.argument("code")
@click.option("--reason", help="Why, for the audit log.")
@json_option
@data_dir_option
def invite(code: str, reason: str | None, as_json: bool, data_dir: Path) -> None:
    """Invite a hospital's first administrator again, where the first invite was lost or ran out.

    Invites before it stop working. Refused once an administrator of the hospital has joined: then ask that one.
    """
    with _central(data_dir) as (settings, database), database.unit_of_work() as uow:
        row = tenant_by_code(uow=uow, code=code)
        made = provisioning.provisioner(settings, central=database, policy=_POLICY).invite_again(
            uow=uow, tenant=TenantId.parse(row.id), reason=reason
        )
        uow.commit()
    if as_json:
        shown = {"id": str(row.id), "tenant_code": row.tenant_code, "admin_invite": _invite(made)}
        click.echo(json.dumps(shown, indent=2))
    else:
        _say_invite(made, whom=f"the first administrator of {row.tenant_code}")


@tenant.command("list")
@click.option("--status", help="Only hospitals in this state.")
@json_option
@data_dir_option
def list_command(status: str | None, as_json: bool, data_dir: Path) -> None:
    """List hospitals by code."""
    with _central(data_dir) as (_, database), database.unit_of_work() as uow:
        rows = list(_all(uow, status))
    if as_json:
        click.echo(json.dumps({"items": [_shown(row) for row in rows]}, indent=2, ensure_ascii=False))
        return
    table = Table("Code", "Name", "Status", "Plan", "Domain", box=None)
    for row in rows:
        table.add_row(row.tenant_code, row.name, row.status, row.subscription_plan, row.domain or "")
    Console().print(table)


@tenant.command()
@click.argument("code")
@json_option
@data_dir_option
def show(code: str, as_json: bool, data_dir: Path) -> None:
    """Show a hospital, where its database is (never a password), and its last operation."""
    with _central(data_dir) as (_, database), database.unit_of_work() as uow:
        row = tenant_by_code(uow=uow, code=code)
        identity = TenantId.parse(row.id)
        credentials = credentials_of(uow=uow, tenant=identity)
        operation = latest_operation(uow=uow, tenant=identity)
    shown = _shown(row) | {
        "credentials": [
            {
                "purpose": view.purpose,
                "host": view.host,
                "port": view.port,
                "database": view.database,
                "username": view.username,
                "rotated_at": view.rotated_at.isoformat() if view.rotated_at else None,
            }
            for view in credentials
        ],
        "operation": None
        if operation is None
        else {"id": str(operation.id), "kind": operation.kind, "state": operation.state, "steps": operation.steps},
    }
    if as_json:
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    for name, value in shown.items():
        if name == "credentials":
            for each in credentials:
                click.echo(f"{each.purpose:>18}  {each.username} on {each.host}:{each.port}/{each.database}")
        elif name == "operation":
            if operation is not None:
                steps = ", ".join(f"{step['name']} {step['state']}" for step in operation.steps)
                click.echo(f"{'last operation':>18}  {operation.kind}: {operation.state} ({steps})")
        else:
            click.echo(f"{name:>18}  {'' if value is None else value}")


@tenant.command("suspend")
@click.argument("code")
@click.option("--reason", help="Why, for the audit log.")
@json_option
@data_dir_option
def suspend_command(code: str, reason: str | None, as_json: bool, data_dir: Path) -> None:
    """Take a hospital out of service; its data stay. It holds everywhere within 10 seconds."""
    _change(code, "suspend", reason=reason, as_json=as_json, data_dir=data_dir)


@tenant.command("resume")
@click.argument("code")
@json_option
@data_dir_option
def resume_command(code: str, as_json: bool, data_dir: Path) -> None:
    """Put a suspended hospital back into service."""
    _change(code, "resume", reason=None, as_json=as_json, data_dir=data_dir)


@tenant.command("rotate-credentials")
@click.argument("code")
@click.option(
    "--wait/--no-wait", default=True, show_default=True, help="Wait until the old passwords can be closed, and do it."
)
@json_option
@data_dir_option
def rotate_credentials(code: str, wait: bool, as_json: bool, data_dir: Path) -> None:
    """New passwords for all roles of a hospital, without an interruption for anybody.

    A rotation that was not finished (killed, or `--no-wait`) is finished by calling this again.
    """
    with _central(data_dir) as (settings, database):
        with database.unit_of_work() as uow:
            identity = TenantId.parse(tenant_by_code(uow=uow, code=code).id)
            pending = latest_operation(uow=uow, tenant=identity, kind="rotate-credentials")
        rotation = provisioning.rotation(settings, central=database, policy=_POLICY)
        if pending is not None and pending.state != "done":
            done = rotation.switch(pending.id)
        else:
            done = rotation.rotate(identity)
        if wait:
            _finish(rotation, done)
    if as_json:
        state = "done" if wait else "running"
        click.echo(json.dumps({"operation_id": str(done.operation_id), "state": state}, indent=2))
    else:
        click.echo("New passwords are in use." + ("" if wait else " Call this again to close the old ones."))


def _finish(rotation: CredentialRotation, done: Rotation) -> None:
    """Close the old roles when their time has come."""
    with Console(stderr=True).status("Waiting until no process can be using the old passwords …"):
        while True:
            try:
                rotation.finish(done.operation_id)
            except OperationRunning as err:
                time.sleep(min(err.retry_after or 1, 5))
            else:
                return


def _change(code: str, verb: str, *, reason: str | None, as_json: bool, data_dir: Path) -> None:
    with _central(data_dir) as (settings, database), database.unit_of_work() as uow:
        identity = TenantId.parse(tenant_by_code(uow=uow, code=code).id)
        change = suspend if verb == "suspend" else resume
        row = change(uow=uow, tenant=identity, announcer=operator.announcer(settings))
        record(
            uow=uow,
            actor=None,
            action=f"tenant.{verb}",
            resource_type="tenant",
            resource_id=identity,
            tenant=identity,
            reason=reason,
        )
        uow.commit()
    if as_json:
        click.echo(json.dumps(_shown(row), indent=2, ensure_ascii=False))
    else:
        click.echo(f"{row.tenant_code} is {row.status}.")


@tenant.command("raise-epoch")
@click.argument("code")
@click.option("--reason", required=True, help="Which backup was restored, and why: for the audit log.")
@json_option
@data_dir_option
def raise_epoch_command(code: str, reason: str, as_json: bool, data_dir: Path) -> None:
    """Begin a new epoch of a suspended hospital whose database was restored from a backup.

    What it writes from now on is newer to central than anything from before. Central keeps on record how long its audit
    chain is now, so that `sokham audit verify` can tell the restore from tampering.
    """
    with _central(data_dir) as (settings, database):
        begun = begin_epoch(settings, central=database, code=code, reason=reason)
    if as_json:
        click.echo(json.dumps(asdict(begun), indent=2))
    else:
        click.echo(
            f"{begun.tenant_code} is in epoch {begun.epoch} (before: {begun.before}); its audit chain has"
            f" {begun.seals} seals. Now: `sokham tenant resume {begun.tenant_code}`, and then"
            f" `sokham sync republish --tenant {begun.tenant_code}`."
        )


@contextmanager
def _central(data_dir: Path) -> Iterator[tuple[Settings, Database]]:
    settings = operator.operator_settings(DataDir(data_dir))
    database = operator.console_database(settings)
    try:
        yield settings, database
    finally:
        database.dispose()


def _all(uow: UnitOfWork, status: str | None) -> Iterator[Tenant]:
    after: str | None = None
    while rows := list_tenants(uow=uow, limit=_PAGE, after=after, status=status):
        yield from rows
        after = rows[-1].tenant_code


def _shown(row: Tenant) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "tenant_code": row.tenant_code,
        "name": row.name,
        "display_name": row.display_name,
        "domain": row.domain,
        "status": row.status,
        "subscription_plan": row.subscription_plan,
        "max_users": row.max_users,
        "max_storage_gb": row.max_storage_gb,
        "created_at": row.created_at.isoformat(),
        "updated_at": row.updated_at.isoformat(),
    }


def _created(made: Provisioned) -> dict[str, Any]:
    return {
        "id": str(made.tenant),
        "tenant_code": made.tenant_code,
        "status": made.status,
        "admin_invite": _invite(made.invite),
    }


def _invite(invite: FirstInvite) -> dict[str, str]:
    return {"token": invite.token, "expires_at": invite.expires_at.isoformat()}


def _say_invite(invite: FirstInvite, *, whom: str) -> None:
    click.echo(f"Invite for {whom}, good until {invite.expires_at:%Y-%m-%d %H:%M %Z}, shown only now:")
    click.echo(invite.token)
