"""Processes that call from the waiting queue, to be killed."""

from threading import Event
from typing import Any
from uuid import UUID

from kernel.database.engines import Database, engine_for
from kernel.web.actor import Actor
from tenant_app.queue.public import NobodyWaiting, call_next


def call_and_wait(parameters: dict[str, Any], actor: Actor, department_id: UUID, written: Any) -> None:
    """A process that has called the next and not yet committed, for as long as it lives."""
    with Database(engine_for(parameters)).unit_of_work() as uow:
        call_next(uow=uow, actor=actor, department_id=department_id)
        written.set()
        Event().wait()


def call_all(parameters: dict[str, Any], actor: Actor, department_id: UUID, started: Any) -> None:
    """A process that calls one after the other, each in a transaction of its own."""
    database = Database(engine_for(parameters))
    while True:
        with database.unit_of_work() as uow:
            try:
                call_next(uow=uow, actor=actor, department_id=department_id)
            except NobodyWaiting:
                return
            uow.commit()
            started.set()
