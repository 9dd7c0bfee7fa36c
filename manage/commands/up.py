"""Start the servers and all processes, and keep them running."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import click

from kernel.settings import Settings, read
from manage import bootstrap
from manage import processes as process_list
from manage.cli import data_dir_option
from manage.data_dir import DataDir
from manage.embedded.ports import port_is_free
from manage.embedded.postgres import EmbeddedPostgres
from manage.embedded.redis import EmbeddedRedis
from manage.errors import CommandFailed, PortTaken
from manage.run_context import RunContext, WebPorts
from manage.screen import Screen
from manage.supervision.leftovers import end_leftovers
from manage.supervision.signals import StopRequested, StopSignals
from manage.supervision.spec import ProcessSpec
from manage.supervision.supervisor import Supervisor


@click.command()
@data_dir_option
@click.option(
    "--port-base",
    type=click.IntRange(1, 65532),
    default=8000,
    show_default=True,
    help="Ports N (central), N+1 (staff), N+2 (patients), N+3 (live updates).",
)
@click.option("--demo/--no-demo", default=True, show_default=True, help="Two hospitals with invented people.")
def up(data_dir: Path, port_base: int, demo: bool) -> None:
    """Start the servers and all processes, show where they are and who can sign in, and keep them running.

    Ctrl-C or SIGTERM stops everything in order; data are kept in the data folder. DATABASE_URL and REDIS_URL each
    replace an embedded server by one of your own.
    """
    folder = DataDir(data_dir).create()
    with StopSignals() as stop, folder.lock():
        run = _Run(folder=folder, ports=WebPorts.from_base(port_base), demo=demo, environ=os.environ, stop=stop)
        try:
            run.start()
            run.supervisor.watch()
        except StopRequested as err:
            raise CommandFailed("Stopped before everything was ready.") from err
        finally:
            run.end()


class _Run:
    """One run of `sokham up`; `end` undoes whatever `start` has done so far."""

    def __init__(
        self, *, folder: DataDir, ports: WebPorts, demo: bool, environ: Mapping[str, str], stop: StopSignals
    ) -> None:
        self._folder = folder
        self._ports = ports
        self._demo = demo
        self._stop = stop
        self._screen = Screen()
        self._settings: Settings = read(environ)
        self._postgres = None if self._settings.database_url else EmbeddedPostgres(folder.postgres)
        self._redis = None if self._settings.redis_url else EmbeddedRedis(folder.redis)
        self._servers = [server for server in (self._postgres, self._redis) if server is not None]
        self.supervisor = self._supervise(())

    def start(self) -> None:
        """Everything up to the ready screen. Raises SokhamError, or StopRequested when asked to stop before."""
        if left := end_leftovers(self._folder.run):
            self._screen.say(f"Ended what an earlier run left: {', '.join(left)}")
        self._check_ports((self._ports.central, self._ports.staff, self._ports.patient, self._ports.live))
        self._folder.remember_ports(self._ports.central)
        context = self._start_servers()
        for step in bootstrap.steps(context):
            with self._screen.step(step.title) as context.report, self._stop.interrupting():
                step.run(context)
        specs = process_list.processes(context)
        self._check_ports(tuple(port for spec in specs if spec.ready and (port := urlsplit(spec.ready).port)))
        self.supervisor = self._supervise(specs)
        self.supervisor.start()
        if self._stop.requested:
            raise StopRequested
        self._screen.ready(context, places=self._places())

    def end(self) -> None:
        """Stop the processes, then the servers, each even when another's stop fails."""
        try:
            self.supervisor.drain()
        finally:
            self._stop_servers()

    def _start_servers(self) -> RunContext:
        context = RunContext(
            data_dir=self._folder,
            settings=self._settings,
            ports=self._ports,
            demo=self._demo,
            postgres=None,
            redis=None,
        )
        if self._postgres is not None and not self._stop.requested:
            with self._screen.step("PostgreSQL"):
                context.postgres = self._postgres.start()
        if self._redis is not None and not self._stop.requested:
            with self._screen.step("Redis"):
                context.redis = self._redis.start()
        if self._stop.requested:
            raise StopRequested
        return context

    def _stop_servers(self) -> None:
        failures: list[str] = []
        for server in reversed(self._servers):
            try:
                server.stop()
                self._screen.say(f"{server.name} stopped")
            except CommandFailed as err:
                failures.append(str(err))
        if failures:
            raise CommandFailed(" ".join(failures))

    def _supervise(self, specs: Sequence[ProcessSpec]) -> Supervisor:
        return Supervisor(
            processes=specs,
            servers=self._servers,
            run=self._folder.run,
            logs=self._folder.logs,
            say=self._screen.say,
            stop=self._stop,
        )

    @staticmethod
    def _check_ports(ports: Sequence[int]) -> None:
        for port in ports:
            if not port_is_free(port):
                raise PortTaken(
                    port,
                    purpose="a web port of Sokham",
                    remedy="Stop that program, or choose others with --port-base N.",
                )

    def _places(self) -> list[tuple[str, str]]:
        places = [("Data", str(self._folder.path)), ("Logs", str(self._folder.logs))]
        for title, server in (("PostgreSQL", self._postgres), ("Redis", self._redis)):
            if server is None:
                places.append((title, "your own server"))
            else:
                port = server.address().port
                places.append((title, f"127.0.0.1:{port}, data and log in {server.data_path}"))
        return places
