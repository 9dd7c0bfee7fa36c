"""An administrator's own account, and its second factor."""

from central.audit.public import record, security_event
from central.auth.account import OwnAccount
from central.auth.administrators import AdministratorFactors, AdministratorSessions, AdministratorSignIn
from central.auth.own_factor import OwnSecondFactor
from central.auth.sessions import Visitor
from kernel.database.unit_of_work import UnitOfWork
from kernel.web.actor import Actor


class AdministratorAccount(OwnAccount):
    """The account of the administrator who asks, in central's database."""

    def _words_of_the_place(self) -> tuple[str, ...]:
        return ()

    def _record(self, *, uow: UnitOfWork, actor: Actor, action: str) -> None:
        _record(uow, actor, action)


class AdministratorSecondFactor(OwnSecondFactor):
    """The second factor of the administrator who asks."""

    def __init__(
        self, *, factors: AdministratorFactors, sessions: AdministratorSessions, accounts: AdministratorSignIn
    ) -> None:
        super().__init__(factors=factors, sessions=sessions)
        self._accounts = accounts

    def _issuer(self) -> str:
        return "Sổ khám console"

    def _require_password(self, *, uow: UnitOfWork, actor: Actor, password: str, visitor: Visitor) -> None:
        self._accounts.confirm_password(uow=uow, account_id=actor.id, password=password, visitor=visitor)

    def _record(self, *, uow: UnitOfWork, actor: Actor, action: str) -> None:
        _record(uow, actor, action)


def _record(uow: UnitOfWork, actor: Actor, action: str) -> None:
    record(uow=uow, actor=actor, action=action, resource_type="administrator", resource_id=actor.id)
    if action.startswith(("auth.password_", "auth.mfa_")):
        event = action.removeprefix("auth.")
        risk = "medium" if action == "auth.mfa_disable" else "low"
        security_event(uow=uow, event=event, risk=risk, user_id=actor.id, details={"portal": "admin"})
