"""Keys: which there are, under which versions, and when they end."""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kernel.clock import utc_now
from manage import operator
from manage.cli import data_dir_option, json_option
from manage.data_dir import DataDir
from manage.errors import CommandFailed
from manage.key_status import KeyStatus, key_status


@click.group()
def keys() -> None:
    """Keys: which there are, under which versions, and when they end."""


@keys.command()
@json_option
@data_dir_option
def status(as_json: bool, data_dir: Path) -> None:
    """The key source, each scope with its version and the data keys under it, the blind index, the signing keys."""
    found = key_status(operator.operator_settings(DataDir(data_dir)))
    if as_json:
        click.echo(json.dumps(_document(found), indent=2, default=_text))
    else:
        _print(found)
    if found.problem is not None:
        raise CommandFailed(f"The key source does not answer as it should: {found.problem}.")


def _document(found: KeyStatus) -> dict[str, Any]:
    return {
        "provider": found.provider,
        "problem": found.problem,
        "scopes": [asdict(each) | {"behind": each.behind} for each in found.scopes],
        "blind_index": [dict(row) for row in found.blind_index],
        "signing_keys": [asdict(each) for each in found.signing],
        "unreachable_hospitals": found.unreachable,
    }


def _print(found: KeyStatus) -> None:
    console = Console(highlight=False)
    console.print(f"Key source: {found.provider}")
    table = Table("Scope", "Version", "Data keys under each version", "Behind", box=None)
    for each in found.scopes:
        counted = ", ".join(f"v{version}: {count}" for version, count in each.data_keys.items())
        table.add_row(each.scope, str(each.version or "?"), counted or "none", str(each.behind or ""))
    console.print(table)
    table = Table("Blind index", "Wrapped under", "Made", "Retired", box=None)
    for row in found.blind_index:
        table.add_row(str(row["version"]), f"v{row['kek_version']}", _day(row["created_at"]), _day(row["retired_at"]))
    console.print(table)
    table = Table("Signs", "Made", "Ends", "Key", box=None)
    for key in found.signing:
        over = key.not_after is not None and key.not_after <= utc_now()
        end = _day(key.not_after) + (" (over)" if over else "")
        table.add_row(key.use, _day(key.created_at), end, Text(key.kid, overflow="fold"))
    console.print(table)
    if found.unreachable:
        console.print(f"Not seen: the keys of {', '.join(found.unreachable)}.")


def _day(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d}"


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
