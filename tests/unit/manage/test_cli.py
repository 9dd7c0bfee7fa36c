"""The command line finds its commands without importing them."""

import sys
from pathlib import Path

import click
import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy.exc import OperationalError

from kernel.errors import SokhamError
from manage import cli


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> cli.LazyGroup:
    """A group over a package of commands of the test's own."""
    package = tmp_path / "test_commands"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "say_it.py").write_text(
        '"""Say it.\n\nMore."""\nimport click\n\n\n'
        '@click.command()\ndef say_it():\n    """Say."""\n    click.echo("Sổ khám")\n',
        encoding="utf-8",
    )
    (package / "_shared.py").write_text("raise ImportError\n", encoding="utf-8")
    (package / "more").mkdir()
    (package / "more" / "__init__.py").write_text('"""More of them."""\nraise ImportError\n', encoding="utf-8")
    (package / "broken.py").write_text('"""Cannot be imported."""\nraise ImportError\n', encoding="utf-8")
    (package / "odd.py").write_text('"""No command in it."""\nodd = 1\n', encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.startswith("test_commands")]:
        monkeypatch.delitem(sys.modules, name)
    return cli.LazyGroup(name="test", package="test_commands")


def test_help_lists_every_command_without_importing_one(commands: cli.LazyGroup) -> None:
    done = CliRunner().invoke(commands, ["--help"])
    assert done.exit_code == 0
    for text in ("say-it", "Say it.", "Cannot be imported.", "more ", "More of them."):
        assert text in done.output
    assert "shared" not in done.output
    assert "test_commands.say_it" not in sys.modules


def test_a_command_is_called_by_its_module_with_hyphens(commands: cli.LazyGroup) -> None:
    done = CliRunner().invoke(commands, ["say-it"])
    assert (done.exit_code, done.output) == (0, "Sổ khám\n")


def test_an_unknown_command_is_wrong_usage(commands: cli.LazyGroup) -> None:
    assert CliRunner().invoke(cli.main, ["no-such"]).exit_code == 2


def test_a_module_without_its_command_is_a_fault(commands: cli.LazyGroup) -> None:
    assert isinstance(CliRunner().invoke(commands, ["odd"]).exception, TypeError)


def test_an_error_of_ours_is_a_message_and_exit_code_1() -> None:
    @click.group(cls=cli.LazyGroup, package="manage.commands")
    def group() -> None:
        pass

    @group.command()
    def fails() -> None:
        raise SokhamError("It cannot be done: mend it.")

    done = CliRunner().invoke(group, ["fails"])
    assert done.exit_code == 1
    assert done.output == "Error: It cannot be done: mend it.\n"


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_database_that_is_away_is_a_message_and_another_error_is_a_fault(wrapped: bool) -> None:
    @click.group(cls=cli.LazyGroup, package="manage.commands")
    def group() -> None:
        pass

    @group.command()
    def fails() -> None:
        away = psycopg.OperationalError("connection refused")
        raise OperationalError("SELECT 1", {}, away) if wrapped else away

    @group.command()
    def breaks() -> None:
        raise psycopg.ProgrammingError("no such table")

    done = CliRunner().invoke(group, ["fails"])
    assert done.exit_code == 1
    assert done.output == f"Error: {cli.DATABASE_AWAY}\n"
    assert isinstance(CliRunner().invoke(group, ["breaks"]).exception, psycopg.ProgrammingError)


def test_every_command_of_the_project_has_help_and_a_line_in_the_list() -> None:
    groups: list[tuple[cli.LazyGroup, list[str]]] = [(cli.main, [])]
    while groups:
        group, path = groups.pop()
        context = click.Context(group)
        for name in group.list_commands(context):
            assert CliRunner().invoke(cli.main, [*path, name, "--help"]).exit_code == 0, name
            assert group.first_line(name), name
            command = group.get_command(context, name)
            if isinstance(command, cli.LazyGroup):
                groups.append((command, [*path, name]))
