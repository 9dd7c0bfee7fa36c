"""Reading the calendar: what a span of days is like, and the holidays as a list."""

from dataclasses import dataclass
from datetime import date, time
from uuid import UUID

from sqlalchemy import select, tuple_

from kernel.database.rows import each_row_as, rows_as
from kernel.database.unit_of_work import UnitOfWork
from kernel.listing import Page, page_of
from kernel.web.api import a_day, read_cursor
from tenant_app.calendar.models import Holiday
from tenant_app.calendar.public_holidays import PublicHoliday, public_holidays
from tenant_app.calendar.rules import Calendar, Closure, read_hours
from tenant_app.hospital.models import HospitalInfo


@dataclass(frozen=True, slots=True)
class HolidayRow:
    """A holiday as it is shown."""

    id: UUID
    name: str
    first_day: date
    last_day: date
    start_time: time | None
    end_time: time | None


def read_calendar(*, uow: UnitOfWork, since: date, until: date) -> Calendar:
    """The hospital's calendar for these days, both inclusive; the portal's role may ask too."""
    hours = uow.session.execute(select(HospitalInfo.business_hours)).scalar_one_or_none()
    rows = uow.session.execute(
        select(Holiday.first_day, Holiday.last_day, Holiday.start_time, Holiday.end_time).where(
            Holiday.last_day >= since, Holiday.first_day <= until
        )
    )
    return Calendar(business_hours=read_hours(hours), closures=tuple(each_row_as(Closure, rows)))


def list_holidays(
    *, uow: UnitOfWork, since: date | None = None, limit: int = 25, cursor: str | None = None
) -> Page[HolidayRow]:
    """Holidays by day, those that end before `since` left out. Raises InvalidFields for a foreign cursor."""
    statement = (
        select(Holiday.id, Holiday.name, Holiday.first_day, Holiday.last_day, Holiday.start_time, Holiday.end_time)
        .order_by(Holiday.first_day, Holiday.id)
        .limit(limit + 1)
    )
    if since:
        statement = statement.where(Holiday.last_day >= since)
    if after := read_cursor(cursor, a_day, UUID):
        statement = statement.where(tuple_(Holiday.first_day, Holiday.id) > tuple_(*after))
    rows = rows_as(HolidayRow, uow.session.execute(statement))
    return page_of(rows, limit=limit, key=lambda row: (row.first_day, row.id))


def missing_public_holidays(*, uow: UnitOfWork, since: date, years: int = 2) -> list[PublicHoliday]:
    """Public holidays of this year and the next from `since` on, without those whose first day is a holiday already."""
    there = set(uow.session.scalars(select(Holiday.first_day).where(Holiday.last_day >= since)))
    offered = [each for year in range(since.year, since.year + years) for each in public_holidays(year)]
    return [each for each in offered if each.last_day >= since and each.first_day not in there]
