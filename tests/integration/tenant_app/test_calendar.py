"""Business hours and holidays as the database keeps them, and what becomes of them at the portal's role."""

from dataclasses import replace
from datetime import date, time, timedelta

import psycopg
import pytest

from kernel.errors import InvalidFields, NotFound
from tenant_app.calendar.public import (
    HolidayExists,
    NewHoliday,
    add_holiday,
    list_holidays,
    missing_public_holidays,
    read_calendar,
    remove_holiday,
)
from tenant_app.hospital.public import change_details, hospital_info
from tests.support.clinic import Clinic, tomorrow

MORNINGS = {day: [["08:00", "11:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}


def set_hours(clinic: Clinic, hours: object) -> None:
    with clinic.uow() as uow:
        seen = hospital_info(uow=uow).version
        change_details(uow=uow, actor=clinic.admin, version=seen, details={"business_hours": hours})
        uow.commit()


def test_hours_are_read_by_staff_and_patients_and_are_the_hospitals_own(clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    set_hours(clinic, MORNINGS)
    for purpose in ("app", "portal"):
        with clinic.uow(purpose) as uow:
            calendar = read_calendar(uow=uow, since=tomorrow(), until=tomorrow())
            assert list(calendar.hours_on(tomorrow())) == [(time(8), time(11))]
    with other.uow() as uow:
        assert not read_calendar(uow=uow, since=tomorrow(), until=tomorrow()).is_set
    set_hours(clinic, None)
    with clinic.uow() as uow:
        assert hospital_info(uow=uow).business_hours is None
        assert not read_calendar(uow=uow, since=tomorrow(), until=tomorrow()).is_set


def test_the_database_takes_no_hours_of_another_shape(clinic: Clinic) -> None:
    with clinic.hospital.connect("app") as connection:
        for wrong in ("[]", '{"mon": []}', '"07:00"'):
            with pytest.raises(psycopg.errors.CheckViolation), connection.transaction():
                connection.execute("UPDATE hospital_info SET business_hours = %s::jsonb", (wrong,))


def test_holidays_close_and_are_opened_again(clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    day = tomorrow()
    new = NewHoliday(name=" Họp  toàn viện ", first_day=day, start_time=time(7), end_time=time(12))
    with clinic.uow() as uow:
        made = add_holiday(uow=uow, actor=clinic.admin, new=new).id
        uow.commit()
    with clinic.uow() as uow, pytest.raises(HolidayExists):
        add_holiday(uow=uow, actor=clinic.admin, new=new)
    with clinic.uow() as uow:
        add_holiday(uow=uow, actor=clinic.admin, new=replace(new, name="Khác", first_day=day + timedelta(days=1)))
        uow.commit()
    with clinic.uow("portal") as uow:
        calendar = read_calendar(uow=uow, since=day, until=day)
        assert list(calendar.hours_on(day)) == [(time(13), time(17))]
    with clinic.uow() as uow:
        first = list_holidays(uow=uow, limit=1)
        rest = list_holidays(uow=uow, limit=1, cursor=first.next_cursor)
        assert [row.name for row in (*first.items, *rest.items)] == ["Họp toàn viện", "Khác"]
        assert rest.next_cursor is None
    with other.uow() as uow:
        assert list_holidays(uow=uow).items == []
        with pytest.raises(NotFound):
            remove_holiday(uow=uow, actor=other.admin, holiday_id=made)
    with clinic.uow() as uow:
        remove_holiday(uow=uow, actor=clinic.admin, holiday_id=made)
        uow.commit()
    with clinic.uow() as uow:
        assert read_calendar(uow=uow, since=day, until=day).closures == ()


def test_holidays_that_cannot_be(clinic: Clinic) -> None:
    day = tomorrow()
    good = NewHoliday(name="Nghỉ", first_day=day)
    wrong = {
        "name": replace(good, name="  "),
        "last_day": replace(good, last_day=day - timedelta(days=1)),
        "start_time": replace(good, start_time=time(8)),
        "end_time": replace(good, start_time=time(8), end_time=time(8)),
    }
    with clinic.uow() as uow:
        for field, new in {**wrong, "last_day ": replace(good, last_day=day + timedelta(days=61))}.items():
            with pytest.raises(InvalidFields) as refusal:
                add_holiday(uow=uow, actor=clinic.admin, new=new)
            assert set(refusal.value.errors) == {field.strip()}


def test_public_holidays_are_offered_until_they_are_there(clinic: Clinic) -> None:
    since = date(2026, 11, 21)
    with clinic.uow() as uow:
        offered = missing_public_holidays(uow=uow, since=since)
        assert [each.first_day for each in offered][:2] == [date(2027, 1, 1), date(2027, 2, 5)]
        tet = offered[1]
        new = NewHoliday(name=tet.name, first_day=tet.first_day, last_day=tet.last_day)
        add_holiday(uow=uow, actor=clinic.admin, new=new)
        assert tet not in missing_public_holidays(uow=uow, since=since)
