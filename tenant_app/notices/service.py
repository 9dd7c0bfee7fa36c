"""Noting that notices were read, and choosing which kinds one wants."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert

from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidFields, NotFound
from kernel.listing import Page
from kernel.text import N_
from kernel.web.actor import Actor
from tenant_app.audit.service import record
from tenant_app.live.public import announce, notices_changed
from tenant_app.notices.box import note_read
from tenant_app.notices.models import EventSubscription, Notice
from tenant_app.notices.queries import NoticeRow, list_notices, own_notice, wanted
from tenant_app.notices.rules import offered

UNKNOWN_KIND: Final = N_("There is no such kind of notice for you.")


def read_list(
    *, uow: UnitOfWork, actor: Actor, unread_only: bool = False, limit: int = 25, cursor: str | None = None
) -> Page[NoticeRow]:
    """The actor's own notices, with the audit row of this reading where patients are named. Raises InvalidFields."""
    page = list_notices(uow=uow, actor=actor, unread_only=unread_only, limit=limit, cursor=cursor)
    if any(row.patient_name for row in page.items):
        record(uow=uow, actor=actor, action="notice.list", resource_type="notice")
    return page


def mark_read(*, uow: UnitOfWork, actor: Actor, notice_id: UUID) -> NoticeRow:
    """Note that one was read; again is the same. Raises NotFound for another's."""
    found = own_notice(uow=uow, actor=actor, notice_id=notice_id)
    if found is None:
        raise NotFound("notice")
    if found.read_at is None:
        note_read(uow=uow, box=Notice, owner=actor.id, notice_id=notice_id)
        announce(uow, notices_changed([actor.id]))
    return found


def mark_all_read(*, uow: UnitOfWork, actor: Actor) -> None:
    """Note that all of them were read."""
    note_read(uow=uow, box=Notice, owner=actor.id)
    announce(uow, notices_changed([actor.id]))


def choose(*, uow: UnitOfWork, actor: Actor, chosen: Mapping[str, bool]) -> Mapping[str, bool]:
    """Which kinds the actor wants from now on; those that are not named stay as they are. Raises InvalidFields."""
    if unknown := [kind for kind in chosen if kind not in offered(actor)]:
        raise InvalidFields(errors={kind: [UNKNOWN_KIND] for kind in unknown})
    before = wanted(uow=uow, actor=actor)
    changed = {kind: is_wanted for kind, is_wanted in chosen.items() if before[kind] != is_wanted}
    if changed:
        rows = [
            {"user_id": actor.id, "event_type": kind, "is_active": is_wanted} for kind, is_wanted in changed.items()
        ]
        written = insert(EventSubscription).values(rows)
        uow.session.execute(
            written.on_conflict_do_update(
                index_elements=["user_id", "event_type"],
                set_={"is_active": written.excluded.is_active, "updated_at": func.now()},
            )
        )
        record(uow=uow, actor=actor, action="notice.choose", resource_type="notice", changed=changed)
    return {**before, **changed}
