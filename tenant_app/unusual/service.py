"""Deciding about what stood out. What it means for whom it is about is decided elsewhere, by people."""

from typing import Final
from uuid import UUID

from sqlalchemy import select

from kernel.clock import utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidFields, NotFound, PreconditionFailed
from kernel.text import N_
from kernel.web.actor import Actor
from tenant_app.audit.service import record_rights
from tenant_app.unusual.errors import OwnFinding
from tenant_app.unusual.models import STATES, AccessFinding

LONGEST_NOTE: Final = 1000
UNKNOWN_STATE: Final = N_("Choose one.")
NOTE_NEEDED: Final = N_("Write down how it is explained.")
NOTE_TOO_LONG: Final = N_("At most 1000 characters.")


def decide(
    *, uow: UnitOfWork, actor: Actor, finding_id: UUID, state: str, note: str | None, version: int | None
) -> None:
    """Say that it was looked at or explained (which needs a note), or open it again.

    Raises NotFound, PreconditionFailed, OwnFinding, InvalidFields. Where nothing differs, nothing is written.
    """
    statement = select(AccessFinding).where(AccessFinding.id == finding_id).with_for_update()
    found = uow.session.scalars(statement, execution_options={"populate_existing": True}).one_or_none()
    if found is None:
        raise NotFound("finding")
    if found.user_id == actor.id:
        raise OwnFinding
    if version is not None and found.version != version:
        raise PreconditionFailed
    told = (note or "").strip() or None
    _check(state, told)
    if (found.state, found.note) == (state, told):
        return
    old = {"state": found.state}
    found.state, found.note = state, told
    found.decided_at, found.decided_by, found.decided_patients = None, None, None
    if state != "open":
        found.decided_at, found.decided_by, found.decided_patients = utc_now(), actor.id, found.patients
    found.version += 1
    found.updated_at = utc_now()
    uow.flush()
    record_rights(
        uow=uow,
        actor=actor,
        action="finding.decide",
        resource_type="finding",
        resource_id=finding_id,
        old=old,
        new={"state": state},
        # The note may name somebody: that there is one is enough here.
        changed=("note",) if told else (),
    )


def _check(state: str, note: str | None) -> None:
    errors: dict[str, list[str]] = {}
    if state not in STATES:
        errors["state"] = [UNKNOWN_STATE]
    if state == "explained" and note is None:
        errors["note"] = [NOTE_NEEDED]
    if note is not None and len(note) > LONGEST_NOTE:
        errors["note"] = [NOTE_TOO_LONG]
    if errors:
        raise InvalidFields(errors=errors)
