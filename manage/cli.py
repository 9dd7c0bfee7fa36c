"""The `sokham` command line. Commands live in manage/commands/ and are imported when they are called."""

import ast
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import psycopg

from kernel.errors import SokhamError
from kernel.telemetry import logs
from manage import collector

DATABASE_AWAY = "A database does not answer, or does not let us in. `sokham doctor` says which one and how to mend it."


class LazyGroup(click.Group):
    """A group whose commands are the modules of a package, none of which is imported before it is called.

    So a process holds the code of the command that it runs. A package among the modules is a group in its turn.
    """

    def __init__(self, *, package: str, **attrs: Any) -> None:
        """`package` is its full name, such as `manage.commands`."""
        super().__init__(**attrs)
        self._package = package

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the modules, and of the commands added in the ordinary way."""
        modules = (name.replace("_", "-") for name in self._sources())
        return sorted({*super().list_commands(ctx), *modules})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command."""
        if (ordinary := super().get_command(ctx, cmd_name)) is not None:
            return ordinary
        if cmd_name not in self.list_commands(ctx):
            return None
        name = cmd_name.replace("-", "_")
        with collector.resting():
            command = getattr(import_module(f"{self._package}.{name}"), name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{self._package}.{name}.{name} is not a click command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in `--help`, from the docstrings in the source."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.first_line(name)) for name in self.list_commands(ctx)])

    def first_line(self, command: str) -> str:
        """What a command's module says of itself."""
        source = self._sources()[command.replace("-", "_")].read_text(encoding="utf-8")
        return (ast.get_docstring(ast.parse(source)) or "").split("\n", 1)[0]

    def _sources(self) -> dict[str, Path]:
        """The files of the modules by their names; no look at them imports them."""
        found = find_spec(self._package)
        folders = [Path(folder) for folder in (found.submodule_search_locations if found else None) or ()]
        return {
            (path.parent if path.stem == "__init__" else path).stem: path
            for folder in folders
            for path in (*folder.glob("*.py"), *folder.glob("*/__init__.py"))
            if path.parent != folder or not path.stem.startswith("_")
        }

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; an error of ours becomes a message and exit code 1, where a fault shows its traceback.

        A database that is away is no fault of the command's, so it is a message too.
        """
        try:
            return super().invoke(ctx)
        except SokhamError as err:
            raise click.ClickException(told(err)) from err
        except Exception as err:
            # SQLAlchemy wraps the driver's error; importing it here would cost every `--help` half a second.
            if isinstance(getattr(err, "orig", err), psycopg.OperationalError):
                raise click.ClickException(DATABASE_AWAY) from err
            raise


@click.group(cls=LazyGroup, package="manage.commands", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sokham")
def main() -> None:
    """Sổ khám: a database for each hospital, and a central index that knows only where a patient has a book.

    Exit codes: 0 done, 1 failed, 2 wrong usage.
    """
    logs.configure(level="WARNING", process="sokham", stream=sys.stderr)
    # Names are Vietnamese; a terminal in the C locale must not make a message fail.
    for stream in (sys.stdout, sys.stderr):
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            reconfigure(errors="replace")


def data_dir_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """The option `--data-dir`, an argument `data_dir: Path`, for every command that works on a data folder."""
    return click.option(
        "--data-dir",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="SOKHAM_DATA_DIR",
        default=Path(".sokham"),
        show_default=True,
        show_envvar=True,
        help="Folder that keeps everything of this installation.",
    )(function)


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """The option `--json`, an argument `as_json: bool`, for every command that prints data."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)


def told(error: SokhamError) -> str:
    """What a person is told of an error: its own words, else what its class has to say, and each field's messages."""
    words = str(error)
    if words == error.code and error.title:
        words = f"{error.title}. {error.advice}".strip()
    return "\n".join((words, *(f"  {field}: {' '.join(said)}" for field, said in error.errors.items())))
