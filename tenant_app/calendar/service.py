"""Writes to the calendar."""

from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from kernel.database.unit_of_work import UnitOfWork
from kernel.database.violations import violated
from kernel.errors import InvalidFields, NotFound
from kernel.ids import new_row_id
from kernel.text import N_, canonical
from kernel.web.actor import Actor
from tenant_app.audit.service import record
from tenant_app.calendar.errors import HolidayExists
from tenant_app.calendar.models import Holiday

NAME_MISSING: Final = N_("Say what is celebrated, or why it is closed.")
LAST_BEFORE_FIRST: Final = N_("The last day comes before the first.")
TOO_MANY_DAYS: Final = N_("At most 60 days.")
BOTH_TIMES: Final = N_("Give both times, or none for whole days.")
END_BEFORE_START: Final = N_("The end must be later than the start.")
LONGEST_NAME: Final = 120
LONGEST: Final = timedelta(days=60)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewHoliday:
    """A holiday to be added; without a last day it is one day."""

    name: str
    first_day: date
    last_day: date | None = None
    start_time: time | None = None
    end_time: time | None = None


def add_holiday(*, uow: UnitOfWork, actor: Actor, new: NewHoliday) -> Holiday:
    """Raises InvalidFields, HolidayExists. Appointments that are booked already stay: people have to be called."""
    name, last_day = canonical(new.name), new.last_day or new.first_day
    _check(name, new, last_day)
    made = Holiday(
        id=new_row_id(),
        name=name,
        first_day=new.first_day,
        last_day=last_day,
        start_time=new.start_time,
        end_time=new.end_time,
        created_by=actor.id,
    )
    uow.session.add(made)
    try:
        uow.flush()
    except IntegrityError as err:
        if violated(err) == "uq_holidays_first_day_name":
            raise HolidayExists(data={"field": "name"}) from err
        raise
    record(uow=uow, actor=actor, action="holiday.add", resource_type="holiday", resource_id=made.id)
    return made


def remove_holiday(*, uow: UnitOfWork, actor: Actor, holiday_id: UUID) -> None:
    """Work goes on in these days. Raises NotFound."""
    found = uow.session.get(Holiday, holiday_id)
    if found is None:
        raise NotFound("holiday")
    uow.session.delete(found)
    uow.flush()
    record(uow=uow, actor=actor, action="holiday.remove", resource_type="holiday", resource_id=holiday_id)


def _check(name: str, new: NewHoliday, last_day: date) -> None:
    errors: dict[str, list[str]] = {}
    if not 1 <= len(name) <= LONGEST_NAME:
        errors["name"] = [NAME_MISSING]
    if last_day < new.first_day:
        errors["last_day"] = [LAST_BEFORE_FIRST]
    elif last_day - new.first_day > LONGEST:
        errors["last_day"] = [TOO_MANY_DAYS]
    if (new.start_time is None) != (new.end_time is None):
        errors["start_time"] = [BOTH_TIMES]
    elif new.start_time is not None and new.end_time is not None and new.start_time >= new.end_time:
        errors["end_time"] = [END_BEFORE_START]
    if errors:
        raise InvalidFields(errors=errors)
