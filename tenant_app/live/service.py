"""Signing a colleague out where they are connected."""

from uuid import UUID

from sqlalchemy import select, update

from kernel.clock import utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import NotFound
from kernel.web.actor import Actor
from tenant_app.audit.public import record
from tenant_app.staff.guarding import require_within_rights, rights_of
from tenant_app.staff.models import StaffSession


def sign_out(*, uow: UnitOfWork, actor: Actor, session_id: UUID) -> None:
    """End a session of this hospital: at its next request, and within seconds for live updates, it is over.

    Raises NotFound for one that has ended, BeyondOwnRights where its person may do more than the actor.
    """
    owner = uow.session.scalar(
        select(StaffSession.account_id).where(StaffSession.id == session_id, StaffSession.ended_at.is_(None))
    )
    if owner is None:
        raise NotFound("session")
    require_within_rights(actor, rights_of(uow=uow, user_id=owner))
    uow.session.execute(
        update(StaffSession)
        .where(StaffSession.id == session_id, StaffSession.ended_at.is_(None))
        .values(ended_at=utc_now(), end_reason="signed_out_by_admin")
    )
    record(uow=uow, actor=actor, action="staff.sign_out", resource_type="user", resource_id=owner)
