"""The screen, also when it has gone."""

import io

import pytest
from rich.console import Console

from manage.screen import Screen


class Gone(io.StringIO):
    """A terminal that somebody has closed."""

    def write(self, _text: str) -> int:
        raise OSError(5, "Input/output error")


def test_a_terminal_that_has_gone_stops_nothing() -> None:
    screen = Screen(Console(file=Gone(), force_terminal=False))
    screen.say("a stopped")
    with screen.step("PostgreSQL"):
        pass
    screen.say("b stopped")


def test_a_step_shows_whether_it_was_done() -> None:
    shown = io.StringIO()
    screen = Screen(Console(file=shown, force_terminal=False))
    with screen.step("Good") as report:
        report("half way")
    with pytest.raises(ZeroDivisionError), screen.step("Bad"):
        raise ZeroDivisionError
    assert "✓ Good" in shown.getvalue()
    assert "✗ Bad" in shown.getvalue()


def test_square_brackets_are_text() -> None:
    shown = io.StringIO()
    Screen(Console(file=shown, force_terminal=False)).say("[red]a[/red] died")
    assert "[red]a[/red] died" in shown.getvalue()
