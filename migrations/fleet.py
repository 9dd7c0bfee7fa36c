"""Many hospitals at once: a process for each migration, and one hospital's failure is its own.

Processes are spawned (not forked: the parent has threads and connections), because Alembic keeps its state in modules.
A killed run is simply run again: a hospital that is done is found done.
"""

import multiprocessing
import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import Any

from kernel.errors import SokhamError
from kernel.telemetry import logs
from migrations import runner


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A hospital's database as its owner; `parameters` are libpq's."""

    tenant_code: str
    parameters: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """How it went for one hospital; `error` is a code or class, never a text from the database."""

    tenant_code: str
    before: str | None = None
    after: str | None = None
    error: str | None = None


def migrate_fleet(targets: Sequence[Target], *, parallel: int = 2, revision: str = "head") -> Iterator[Result]:
    """Migrate each hospital, `parallel` at a time; results come as they are ready, one for each target."""
    # A process that dies takes its pool with it; whoever was in it is tried alone, to find which one it was.
    suspects = yield from _in_pool(targets, workers=parallel, revision=revision)
    for target in suspects:
        if (yield from _in_pool([target], workers=1, revision=revision)):
            yield Result(tenant_code=target.tenant_code, error="process_died")


def _in_pool(targets: Sequence[Target], *, workers: int, revision: str) -> Generator[Result, None, list[Target]]:
    """Run the targets in one pool; returns those that had no answer when a process of it died."""
    context = multiprocessing.get_context("spawn")
    answered: set[str] = set()
    with ProcessPoolExecutor(
        max_workers=max(1, min(workers, len(targets))), mp_context=context, initializer=_begin
    ) as pool:
        pending: dict[Future[Result], Target] = {pool.submit(_migrate, t, revision): t for t in targets}
        while pending:
            ready, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in ready:
                target = pending.pop(future)
                try:
                    result = future.result()
                except BrokenProcessPool:
                    continue
                answered.add(target.tenant_code)
                yield result
    return [target for target in targets if target.tenant_code not in answered]


def _begin() -> None:
    """A new process knows nothing of its parent's logging, and standard output is the command's."""
    logs.configure(level="WARNING", process="sokham-migrate", stream=sys.stderr)


def _migrate(target: Target, revision: str) -> Result:
    """In a process of its own."""
    try:
        outcome = runner.upgrade(target.parameters, "tenant", revision)
    except SokhamError as err:
        cause = err.__cause__
        return Result(tenant_code=target.tenant_code, error=f"{err.code}: {type(cause or err).__name__}")
    except Exception as err:  # noqa: BLE001 - any failure is this hospital's own, and is told.
        return Result(tenant_code=target.tenant_code, error=type(err).__name__)
    return Result(tenant_code=target.tenant_code, before=outcome.before, after=outcome.after)
