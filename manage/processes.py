"""The processes that `sokham up` supervises, in the order of their start."""

import sys
from collections.abc import Sequence

from manage.environment import environment_of
from manage.run_context import RunContext
from manage.supervision.spec import ProcessSpec

STOP_SECONDS = 20


def processes(context: RunContext) -> Sequence[ProcessSpec]:
    """Called after the last bootstrap step; each process is given the secrets of its own role only."""
    ports = context.ports
    return (
        _web(context, "central", ports.central),
        _web(context, "staff", ports.staff),
        _web(context, "patient", ports.patient),
        _web(context, "live", ports.live, config="manage.live_config"),
        _daemon(context, "worker", "sync", "run"),
        _daemon(context, "jobs", "jobs", "run"),
    )


def gunicorn(entry: str, *, config: str = "manage.gunicorn_config") -> list[str]:
    """How a web process is started, here and in compose.yaml; the rest stands in the configuration."""
    return [sys.executable, "-m", "gunicorn", "-c", f"python:{config}", f"manage.entry.{entry}:app()"]


def _web(context: RunContext, name: str, port: int, *, config: str = "manage.gunicorn_config") -> ProcessSpec:
    return ProcessSpec(
        name=name,
        argv=gunicorn(name, config=config),
        environment={**environment_of(context, name), "SOKHAM_BIND": f"127.0.0.1:{port}"},
        ready=f"http://127.0.0.1:{port}/readyz",
        stop_seconds=STOP_SECONDS,
    )


def _daemon(context: RunContext, name: str, *command: str) -> ProcessSpec:
    return ProcessSpec(
        name=name,
        argv=[sys.executable, "-m", "manage", *command],
        environment=environment_of(context, name),
        stop_seconds=STOP_SECONDS,
    )
