"""The audit log: verify that nothing in it was changed, taken away or put in later."""

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from jobs.sealing.public import SAID, Broken, Position, Verification
from manage import operator
from manage.audit_chains import Checked, check_chains
from manage.cli import data_dir_option, json_option
from manage.data_dir import DataDir
from manage.errors import CommandFailed


@click.group()
def audit() -> None:
    """The audit log: verify that nothing in it was changed, taken away or put in later."""


@audit.command()
@click.option("--tenant", metavar="CODE", help="Only this hospital.")
@click.option(
    "--heads",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A copy of a file of heads that was kept elsewhere; may be given several times.",
)
@json_option
@data_dir_option
def verify(tenant: str | None, heads: tuple[Path, ...], as_json: bool, data_dir: Path) -> None:
    """Walk the chains from their first seal and name the first broken link of each.

    A link is broken when a row that it covers was changed, deleted or put in later, or when the seal itself was
    changed, replaced or taken away. Exit code 1 when one is, or when a chain could not be read. Seals that a restore
    undid are none, where central has it on record (`sokham tenant raise-epoch`): they are counted.
    """
    settings = operator.process_settings(DataDir(data_dir))
    checked: list[Checked] = []
    with Console(stderr=True).status("Reading …") as status:
        for each in check_chains(
            settings,
            only=tenant,
            more_heads=heads,
            progress=lambda where, rows: status.update(f"{where}: {rows} rows hold …"),
        ):
            checked.append(each)
            if not as_json:
                click.echo(_line(each))
    if as_json:
        click.echo(json.dumps({"items": [_shown(each) for each in checked]}, indent=2))
    bad = [each for each in checked if each.found is None or each.found.broken is not None]
    if bad:
        raise CommandFailed(f"{len(bad)} of {len(checked)} chains do not hold or could not be read.")


def _line(each: Checked) -> str:
    found = each.found
    if found is None:
        return f"{each.where}: not readable ({each.error})"
    name = f"{each.where} {found.chain.rsplit(':', 1)[-1]}"
    if found.broken is None:
        waits = f", {found.unsealed} wait for a seal" if found.unsealed else ""
        return f"{name}: whole; {found.seals} seals over {found.rows} rows{waits}{_undone(found)}"
    fault = f"BROKEN at seal {found.broken.sequence}: {SAID[found.broken.fault]} ({_place(found.broken)})"
    return f"{name}: {fault}{_undone(found)}"


def _undone(found: Verification) -> str:
    return "".join(
        f"; before the restore on record of {each.restore.at:%Y-%m-%d %H:%M %Z} (epoch {each.restore.epoch}):"
        f" {each.seals} seals are not in this database any more"
        for each in found.undone
        if each.seals
    )


def _place(broken: Broken) -> str:
    last = "the end" if broken.last is None else f"{broken.last} {_when(broken.last)}".rstrip()
    return f"after {broken.after} {_when(broken.after)}".rstrip() + f", up to {last}"


def _when(place: Position) -> str:
    """When a row was written, as its id of version 7 says; empty for other ids."""
    moment = place.written_at
    return "" if moment is None else f"[{moment:%Y-%m-%d %H:%M:%S} UTC]"


def _iso(place: Position) -> str | None:
    return None if place.written_at is None else place.written_at.isoformat()


def _shown(each: Checked) -> dict[str, Any]:
    found = each.found
    if found is None:
        return {"where": each.where, "ok": False, "error": each.error}
    broken = found.broken
    return {
        "where": each.where,
        "chain": found.chain,
        "ok": broken is None,
        "seals": found.seals,
        "rows": found.rows,
        "unsealed": found.unsealed,
        "unsealed_seconds": round(found.unsealed_seconds, 3),
        "restores": [
            {
                "epoch": each.restore.epoch,
                "at": each.restore.at.isoformat(),
                "last_seal": each.restore.sequence,
                "seals_gone": each.seals,
            }
            for each in found.undone
        ],
        "broken": None
        if broken is None
        else {
            "sequence": broken.sequence,
            "fault": broken.fault,
            "after": str(broken.after),
            "after_at": _iso(broken.after),
            "last": None if broken.last is None else str(broken.last),
            "last_at": None if broken.last is None else _iso(broken.last),
        },
    }
