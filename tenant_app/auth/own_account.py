"""A member of staff's own account, and its second factor."""

from flask import g

from central.auth.public import OwnAccount, OwnSecondFactor, Visitor
from kernel.database.unit_of_work import UnitOfWork
from kernel.web.actor import Actor
from tenant_app.audit.public import record
from tenant_app.auth.service import StaffAccounts, StaffFactors, StaffSessions


class StaffAccount(OwnAccount):
    """The account of the member of staff who asks, in their hospital's database."""

    def _words_of_the_place(self) -> tuple[str, ...]:
        return g.hospital.code, g.hospital.name

    def _record(self, *, uow: UnitOfWork, actor: Actor, action: str) -> None:
        record(uow=uow, actor=actor, action=action, resource_type="user", resource_id=actor.id)


class StaffSecondFactor(OwnSecondFactor):
    """The second factor of the member of staff who asks."""

    def __init__(self, *, factors: StaffFactors, sessions: StaffSessions, accounts: StaffAccounts) -> None:
        super().__init__(factors=factors, sessions=sessions)
        self._accounts = accounts

    def _issuer(self) -> str:
        return f"Sổ khám {g.hospital.code}"

    def _require_password(self, *, uow: UnitOfWork, actor: Actor, password: str, visitor: Visitor) -> None:
        self._accounts.confirm_password(uow=uow, account_id=actor.id, password=password, visitor=visitor)

    def _record(self, *, uow: UnitOfWork, actor: Actor, action: str) -> None:
        record(uow=uow, actor=actor, action=action, resource_type="user", resource_id=actor.id)
