"""A patient's own numbers: how many are before them, and about how long it takes.

The patient portal's role may not read the queue; functions of the database answer for the transaction's own patient. Of
the others in the line they tell what its order is made of, and nobody's name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Date, DateTime, Integer, bindparam, text

from kernel.clock import local_today, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.web.actor import Actor
from tenant_app.audit.service import record
from tenant_app.queue.models import LIVE
from tenant_app.queue.rules import (
    FORGOTTEN_AFTER,
    PRIORITY_IN_A_ROW,
    Waiting,
    estimated_minutes,
    in_order,
    lane_of,
)

# Calls of this long say how fast the line moves now.
LATELY: Final = timedelta(hours=1)

_MOMENT: Final = DateTime(timezone=True)
_OWN: Final = text("SELECT * FROM portal_own_numbers(:today, :fresh_since)").bindparams(
    bindparam("today", type_=Date), bindparam("fresh_since", type_=_MOMENT)
)
_LINES: Final = text("SELECT * FROM portal_lines(:fresh_since)").bindparams(bindparam("fresh_since", type_=_MOMENT))
_PACE: Final = text("SELECT * FROM portal_pace(:today, :fresh_since, :lately, :in_a_row)").bindparams(
    bindparam("today", type_=Date),
    bindparam("fresh_since", type_=_MOMENT),
    bindparam("lately", type_=_MOMENT),
    bindparam("in_a_row", type_=Integer),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnNumber:
    """A number of the patient's own. `ahead` and `minutes`, an estimate, only while they wait; None: not to be said."""

    id: UUID
    department_name: str
    number: int
    status: str
    room: str | None
    appointment_id: UUID | None
    taken_at: datetime
    called_at: datetime | None
    ended_at: datetime | None
    ahead: int | None = None
    minutes: int | None = None

    @property
    def stands(self) -> bool:
        """Whether the patient still waits, is called, or is inside."""
        return self.status in LIVE


def own_numbers(*, uow: UnitOfWork, now: datetime | None = None) -> list[OwnNumber]:
    """The numbers of the transaction's patient: those that stand, and today's that have ended; in three statements."""
    moment = now or utc_now()
    spans = {"today": local_today(moment), "fresh_since": moment - FORGOTTEN_AFTER}
    rows = uow.session.execute(_OWN, spans).all()
    if not any(row.status == "waiting" for row in rows):
        return [_number(row) for row in rows]
    lines: dict[UUID, list[Any]] = {}
    for each in uow.session.execute(_LINES, {"fresh_since": spans["fresh_since"]}):
        lines.setdefault(each.department_id, []).append(each)
    asked = {**spans, "lately": moment - LATELY, "in_a_row": PRIORITY_IN_A_ROW}
    paces = {each.department_id: each for each in uow.session.execute(_PACE, asked)}
    return [_placed(row, lines, paces, moment) if row.status == "waiting" else _number(row) for row in rows]


def read_own_numbers(
    *, uow: UnitOfWork, actor: Actor, patient_id: UUID, now: datetime | None = None
) -> list[OwnNumber]:
    """The same, with the audit row of this reading where there is anything to read."""
    found = own_numbers(uow=uow, now=now)
    if found:
        record(uow=uow, actor=actor, action="queue.list", resource_type="queue_entry", patient_id=patient_id)
    return found


def _placed(row: Any, lines: Mapping[UUID, Sequence[Any]], paces: Mapping[UUID, Any], now: datetime) -> OwnNumber:
    pace = paces[row.department_id]
    turn = sum(1 for _ in takewhile(lambda lane: lane == "priority", pace.last_lanes))
    waiting = [
        Waiting(
            # Numbers are all that is known of the others.
            id=UUID(int=each.number),
            lane=lane_of(priority=each.priority, booked_for=each.booked_for, taken_at=each.taken_at, now=now),
            since=each.waits_since,
            number=each.number,
        )
        for each in lines.get(row.department_id, ())
    ]
    order = [each.number for each in in_order(waiting, called_in_a_row=turn)]
    # Called in the moment between the statements.
    ahead = order.index(row.number) if row.number in order else 0
    apart = (pace.last_call - pace.first_call) / (pace.calls - 1) if pace.calls > 1 else None
    minutes = estimated_minutes(ahead, calls=pace.calls, apart=apart, usual=pace.median_wait, waited=now - row.taken_at)
    return _number(row, ahead=ahead, minutes=minutes)


def _number(row: Any, **place: Any) -> OwnNumber:
    values = dict(row._mapping)
    values.pop("department_id")
    return OwnNumber(**values, **place)
