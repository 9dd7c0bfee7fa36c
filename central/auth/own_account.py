"""An administrator's own account."""

from central.audit.public import record, security_event
from central.auth.account import OwnAccount
from kernel.database.unit_of_work import UnitOfWork
from kernel.web.actor import Actor


class AdministratorAccount(OwnAccount):
    """The account of the administrator who asks, in central's database."""

    def _words_of_the_place(self) -> tuple[str, ...]:
        return ()

    def _record(self, *, uow: UnitOfWork, actor: Actor, action: str) -> None:
        record(uow=uow, actor=actor, action=action, resource_type="administrator", resource_id=actor.id)
        if action.startswith("auth.password_"):
            event = action.removeprefix("auth.")
            security_event(uow=uow, event=event, risk="low", user_id=actor.id, details={"portal": "admin"})
