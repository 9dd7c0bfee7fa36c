"""The processes that `sokham up` supervises, in the order of their start."""

import sys
from collections.abc import Sequence

from manage.environment import environment_of
from manage.run_context import RunContext
from manage.supervision.spec import ProcessSpec

THREADS = 8
DRAIN_SECONDS = 15


def processes(context: RunContext) -> Sequence[ProcessSpec]:
    """Called after the last bootstrap step; each process is given the secrets of its own role only."""
    ports = context.ports
    return (
        _web(context, "central", ports.central),
        _web(context, "staff", ports.staff),
        _web(context, "patient", ports.patient),
        _daemon(context, "worker", "sync", "run"),
        _daemon(context, "jobs", "jobs", "run"),
    )


def gunicorn(entry: str, *, bind: str, workers: int = 1, threads: int = THREADS) -> list[str]:
    """How a web process is started, here and in compose.yaml.

    `--reuse-port`: without it one of two workers took every connection in a third of the runs.
    """
    return [
        *(sys.executable, "-m", "gunicorn", f"manage.entry:{entry}()"),
        *("--bind", bind, "--worker-class", "gthread", "--workers", str(workers), "--threads", str(threads)),
        *("--reuse-port", "--no-control-socket", "--keep-alive", "75", "--graceful-timeout", str(DRAIN_SECONDS)),
        *("--timeout", "60", "--log-level", "warning"),
    ]


def _web(context: RunContext, name: str, port: int) -> ProcessSpec:
    return ProcessSpec(
        name=name,
        argv=gunicorn(name, bind=f"127.0.0.1:{port}"),
        environment=environment_of(context, name),
        ready=f"http://127.0.0.1:{port}/readyz",
        stop_seconds=DRAIN_SECONDS + 5,
    )


def _daemon(context: RunContext, name: str, *command: str) -> ProcessSpec:
    return ProcessSpec(
        name=name,
        argv=[sys.executable, "-m", "manage", *command],
        environment=environment_of(context, name),
        stop_seconds=DRAIN_SECONDS + 5,
    )
