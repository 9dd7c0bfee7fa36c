"""Platform administrators: create one, with a one-time invite; take a lost second factor away."""

import json
from pathlib import Path

import click
from sqlalchemy import select

from central.audit.public import record
from central.auth.administrators import AdministratorSignIn, create_administrator
from central.auth.models import ADMINISTRATOR_ROLES, Administrator
from central.auth.public import NoSecondFactor
from central.console.administrators import reset_second_factor
from kernel.errors import InvalidFields
from manage import operator
from manage.cli import data_dir_option, json_option
from manage.data_dir import DataDir
from manage.errors import CommandFailed
from manage.wiring.sources import passwords


@click.group()
def admin() -> None:
    """Platform administrators: create one, with a one-time invite; take a lost second factor away."""


@admin.command()
@click.argument("username")
@click.option("--role", type=click.Choice(ADMINISTRATOR_ROLES), default="super_admin", show_default=True)
@click.option("--email", help="E-mail address; <username>@sokham.invalid when not given.")
@click.option("--name", help="Full name; the user name when not given.")
@json_option
@data_dir_option
def create(username: str, role: str, email: str | None, name: str | None, as_json: bool, data_dir: Path) -> None:
    """Create an administrator; prints the one-time invite with which they choose a password."""
    settings = operator.operator_settings(DataDir(data_dir))
    database = operator.console_database(settings)
    try:
        with database.unit_of_work() as uow:
            administrator, issued = create_administrator(
                uow=uow,
                signing_in=AdministratorSignIn(passwords(settings)),
                username=username,
                email=email or f"{username.strip().lower()}@sokham.invalid",
                full_name=name or username,
                role=role,
            )
            record(
                uow=uow, actor=None, action="admin.create", resource_type="administrator", resource_id=administrator.id
            )
            shown = {
                "id": str(administrator.id),
                "username": administrator.username,
                "role": administrator.role,
                "invite_token": issued.secret.text,
                # After the #, so that the secret reaches no server's log.
                "invite_url": f"{settings.central_url.rstrip('/')}/invite#{issued.secret.text}",
                "expires_at": issued.expires_at.isoformat(),
            }
            uow.commit()
    finally:
        database.dispose()
    if as_json:
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    click.echo(f"{shown['username']} is a {shown['role']}. Invite, good until {shown['expires_at']}, shown only now:")
    click.echo(shown["invite_url"])


@admin.command("reset-mfa")
@click.argument("username")
@click.option("--reason", required=True, help="Why, for the audit log.")
@data_dir_option
def reset_mfa(username: str, reason: str, data_dir: Path) -> None:
    """Take away the second factor of an administrator who lost the phone; ends their sessions."""
    database = operator.console_database(operator.operator_settings(DataDir(data_dir)))
    try:
        with database.unit_of_work() as uow:
            found = uow.session.scalar(
                select(Administrator.id).where(Administrator.username == username.strip().lower())
            )
            if found is None:
                raise CommandFailed(f"There is no administrator {username}.")
            try:
                reset_second_factor(uow=uow, actor=None, administrator_id=found, reason=reason)
            except NoSecondFactor as none:
                raise CommandFailed(f"{username} has no second factor.") from none
            except InvalidFields as wrong:
                raise CommandFailed("The reason has 5 to 500 characters.") from wrong
            uow.commit()
    finally:
        database.dispose()
    click.echo(f"The second factor of {username} is taken away, and all their sessions are ended.")
