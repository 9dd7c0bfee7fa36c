"""What `sokham up` shows: a line for each step, the ready screen, and a line for whatever happens after."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from manage.run_context import RunContext


class Screen:
    """The terminal. It may go away while processes still have to be stopped, so a failure to write is no error."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, markup=False, emoji=False, soft_wrap=True)

    @contextmanager
    def step(self, title: str) -> Iterator[Callable[[str], None]]:
        """Show a step while it runs and its time after; yields a function that takes a few words on the progress."""
        begun = time.monotonic()
        mark, style = "✗", "red"
        status = self._console.status(Text(title))

        def report(detail: str) -> None:
            with suppress(OSError):
                status.update(Text(f"{title}: {detail}"))

        with suppress(OSError):
            status.start()
        try:
            yield report
            mark, style = "✓", "green"
        finally:
            with suppress(OSError):
                status.stop()
            self._print(Text.assemble((mark, style), f" {title}  ", (f"{time.monotonic() - begun:.1f} s", "dim")))

    def say(self, line: str) -> None:
        """One line, with the time of the day."""
        self._print(Text.assemble((f"{datetime.now(UTC).astimezone():%H:%M:%S} ", "dim"), line))

    def ready(self, context: RunContext, *, places: list[tuple[str, str]]) -> None:
        """The ready screen: addresses, who can sign in, where things are, how to stop."""
        table = Table.grid(padding=(0, 2))
        ports = context.ports
        for label, port in (("Administration", ports.central), ("Staff", ports.staff), ("Patients", ports.patient)):
            table.add_row(Text(label, "bold"), Text(f"http://127.0.0.1:{port}", "cyan"))
        parts: list[Table | Text] = [table]
        if context.logins:
            logins = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
            for heading in ("Sign in at", "hospital", "as", "password"):
                logins.add_column(heading, no_wrap=True)
            for login in context.logins:
                logins.add_row(*map(Text, (login.portal, login.hospital, login.username, login.password)))
            parts += [Text(), logins]
        where = Table.grid(padding=(0, 2))
        for label, place in places:
            where.add_row(Text(label, "bold"), Text(place, overflow="fold"))
        parts += [Text(), where, *(Text(note) for note in context.notes), Text()]
        parts.append(Text("Ctrl-C stops everything; the data are kept.", "dim"))
        with suppress(OSError):
            self._console.print(Panel(Group(*parts), title="Sổ khám is ready", expand=False, padding=(1, 2)))

    def _print(self, text: Text) -> None:
        with suppress(OSError):
            self._console.print(text)
