"""A member of staff's own account."""

from flask import g

from central.auth.public import OwnAccount
from kernel.database.unit_of_work import UnitOfWork
from kernel.web.actor import Actor
from tenant_app.audit.public import record


class StaffAccount(OwnAccount):
    """The account of the member of staff who asks, in their hospital's database."""

    def _words_of_the_place(self) -> tuple[str, ...]:
        return g.hospital.code, g.hospital.name

    def _record(self, *, uow: UnitOfWork, actor: Actor, action: str) -> None:
        record(uow=uow, actor=actor, action=action, resource_type="user", resource_id=actor.id)
