"""All checks, in the order in which one fault explains the next."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from kernel.errors import SokhamError
from kernel.settings import InvalidSettings, Settings, read
from manage import operator
from manage.data_dir import DataDir
from manage.doctor import machine, servers
from manage.doctor.budgets import budgets
from manage.doctor.finding import Finding, looked_at, wrong
from manage.doctor.hospitals import hospitals
from manage.doctor.key_source import key_source
from manage.embedded.account import STATE_DIRECTORY
from manage.embedded.postgres import EmbeddedPostgres

_REPORT: Final = "This is a fault of the doctor or a case that it does not know: please report it."
_SERVER: Final = "Mend PostgreSQL first; see above."
_ABOVE: Final = "Mend first what is wrong above."


class Examination:
    """One run of the doctor. `findings` come as they are made; `settings` are known once they were read."""

    def __init__(
        self, data_dir: DataDir, *, environ: Mapping[str, str] = os.environ, state_directory: Path = STATE_DIRECTORY
    ) -> None:
        self._data_dir = data_dir
        self._environ = environ
        self._state_directory = state_directory
        self.settings: Settings | None = None

    def findings(self) -> Iterator[Finding]:
        """Every check. A fault that makes others senseless leaves them out."""
        yield from looked_at("python", machine.python, remedy=_REPORT)
        try:
            settings = replace(read(self._environ), data_dir=self._data_dir.path)
        except InvalidSettings as err:
            yield wrong("settings", f"{err}.", "Correct the variable, or the file that it names.")
            return
        self.settings = settings
        embedded = not settings.database_url
        if embedded or self._data_dir.path.exists():
            yield from self._of_the_folder(settings)
        try:
            if embedded:
                settings = self.settings = operator.operator_settings(self._data_dir)
        except SokhamError as err:
            # The message names the remedy itself.
            yield wrong("PostgreSQL", str(err), "")
            if self._data_dir.keys.exists():
                yield from looked_at("keys", lambda: key_source(settings), remedy=_REPORT)
            return
        yield from looked_at("keys", lambda: key_source(settings), remedy=_REPORT)
        yield from looked_at("Redis", lambda: servers.redis(settings), remedy=_REPORT)
        reachable = True
        for found in looked_at("PostgreSQL", lambda: servers.postgres(settings), remedy=_SERVER):
            reachable = reachable and not found.said.startswith("Not reachable")
            yield found
        if reachable:
            workers = int(self._environ.get("SOKHAM_WEB_WORKERS", "1"))
            yield from looked_at("connections", lambda: budgets(settings, web_workers=workers), remedy=_SERVER)
            yield from looked_at("hospitals", lambda: hospitals(settings), remedy=_ABOVE)

    def _of_the_folder(self, settings: Settings) -> Iterator[Finding]:
        folder = self._data_dir
        yield from looked_at("data folder", lambda: machine.data_folder(folder), remedy=_REPORT)
        places = [folder.path, self._state_directory]
        if (home := EmbeddedPostgres(folder.postgres).data_path) is not None:
            places.append(home)
        yield from looked_at("disk", lambda: machine.disk(places), remedy=_REPORT)
        yield from looked_at("processes", lambda: machine.processes(folder, settings), remedy=_REPORT)
        yield from looked_at(
            "abandoned instances",
            lambda: machine.abandoned_instances(folder, self._state_directory),
            remedy=_REPORT,
        )
