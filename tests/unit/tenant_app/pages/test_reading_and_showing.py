"""What the pages make of what is typed, and how they say things. No database."""

from datetime import date, datetime, time
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask_babel import Babel

from kernel.clock import LOCAL_ZONE
from kernel.errors import InvalidFields
from kernel.web.actor import Actor
from kernel.web.i18n import own_path
from tenant_app.appointments.public import AppointmentRow, BusyTime, DoctorDay
from tenant_app.pages.day import lines_of, picture_of
from tenant_app.pages.forms import parse_day, parse_time
from tenant_app.pages.registration import carried_over
from tenant_app.pages.shown import age, masked, open_number
from tenant_app.schedules.public import WorkingTime

DAY = date(2026, 11, 21)


@pytest.mark.parametrize("text", ["25/12/1990", "25.12.1990", "25-12-1990", " 25 12 1990", "25121990", "1990-12-25"])
def test_a_day_is_read_as_people_write_it(text: str) -> None:
    assert parse_day(text, field="day") == date(1990, 12, 25)


@pytest.mark.parametrize("text", ["", "31/02/2020", "12/25/1990", "1/1/90", "hôm nay", "25/12/1990 nữa"])
def test_what_is_no_day_names_its_field(text: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        parse_day(text, field="date_of_birth")
    assert list(refused.value.errors) == ["date_of_birth"]


@pytest.mark.parametrize("text", ["07:30", "7:30", "7h30", "7 H 30", "7g30", "7.30", "0730", "730", " 07 : 30 "])
def test_a_time_is_read_as_people_write_it(text: str) -> None:
    assert parse_time(text, field="start_time") == time(7, 30)


def test_an_hour_alone_is_the_full_hour() -> None:
    assert [parse_time(text, field="start_time") for text in ("7", "07", "7h", "13g")] == [*[time(7)] * 3, time(13)]


@pytest.mark.parametrize("text", ["", "24:00", "7:60", "7:3", "sáng", "-7", "7:30 PM", "07:30:00", "٠٧:٣٠"])
def test_what_is_no_time_names_its_field(text: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        parse_time(text, field="quiet_from")
    assert list(refused.value.errors) == ["quiet_from"]


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        ("Nguyễn Thị Lan", {"full_name": "Nguyễn Thị Lan"}),
        ("Lan 25/12/1990", {"full_name": "Lan", "date_of_birth": "25/12/1990"}),
        ("079 190 123 456", {"cccd": "079190123456"}),
        ("0912 345 678", {"phone": "0912345678"}),
        ("25/12/1990", {"date_of_birth": "25/12/1990"}),
        ("07919012", {"cccd": "07919012"}),
        ("", {}),
    ],
)
def test_what_was_searched_for_is_carried_into_its_field(typed: str, fields: dict[str, str]) -> None:
    assert carried_over(typed) == fields


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "https://evil.example", "evil", "/a\nb", None])
def test_nobody_is_led_to_another_site(target: str | None) -> None:
    assert own_path(target) == ""


def test_the_page_that_was_wanted_is_kept() -> None:
    assert own_path("/today?day=2026-11-21") == "/today?day=2026-11-21"


def test_ages_are_said_as_for_children() -> None:
    app = Flask("test")
    Babel(app, locale_selector=lambda: "en")
    with app.test_request_context():
        assert age(date(2026, 11, 18), today=DAY) == "3 days old"
        assert age(date(2025, 9, 21), today=DAY) == "14 months old"
        assert age(date(2025, 9, 22), today=DAY) == "13 months old"
        assert age(date(1990, 11, 22), today=DAY) == "35 years old"
        assert age(date(1990, 11, 21), today=DAY) == "36 years old"


def test_numbers_are_hidden_but_for_what_helps_to_recognise_them() -> None:
    assert masked("cccd", "079190123456") == "0791******56"
    assert masked("passport", "C1234567") == "******67"
    assert open_number("cccd", "079190123456") == "079 190 123 456"


def test_free_times_leave_out_what_is_taken_closed_or_past() -> None:
    busy = (BusyTime(time(8), time(9)), BusyTime(time(13, 15), time(13, 30)))
    now = datetime(2026, 11, 21, 7, 1, tzinfo=LOCAL_ZONE)
    found = [slot.start for slot in DoctorDay(day=DAY, working=WorkingTime(), busy=busy).free(now=now)]
    assert found[:3] == [time(7, 30), time(9), time(9, 30)], "07:00 has begun, 08:00 to 09:00 is taken"
    assert time(11) in found, "it ends when the morning ends"
    assert time(11, 30) not in found
    assert time(13) not in found, "it would reach into what is taken"
    assert found[-1] == time(16, 30)


def test_an_appointment_never_ends_on_the_next_day() -> None:
    now = datetime(2026, 11, 20, 12, tzinfo=LOCAL_ZONE)
    day = DoctorDay(day=DAY, working=WorkingTime(), busy=())
    found = [slot.start for slot in day.untaken(now=now, minutes=60)]
    assert found[0] == time(0)
    assert found[-1] == time(22)


def test_the_picture_of_a_day_fills_the_bar_once() -> None:
    parts = picture_of({"scheduled": 3, "completed": 1})
    assert sum(part["width"] for part in parts) == 100
    assert [part["status"] for part in parts if part["count"]] == ["completed", "scheduled"]
    assert all(part["width"] == 0 for part in picture_of({}))


def test_the_first_who_waits_for_each_doctor_is_next() -> None:
    one, other = uuid4(), uuid4()
    rows = [
        row(doctor=one, start=time(8), status="completed"),
        row(doctor=one, start=time(8, 30), status="confirmed"),
        row(doctor=other, start=time(8, 45), status="scheduled"),
        row(doctor=one, start=time(9), status="scheduled"),
    ]
    nurse = staff_with({"appointment.confirm", "appointment.start"})
    lines = lines_of(rows, actor=nurse, now=datetime(2026, 11, 21, 8, 50, tzinfo=LOCAL_ZONE))
    assert [line.is_next for line in lines] == [False, True, True, False]
    assert [line.minutes_late for line in lines] == [0, 20, 5, 0]
    assert [line.actions for line in lines] == [(), ("start",), ("confirm",), ("confirm",)]


def test_on_another_day_nobody_is_next() -> None:
    rows = [row(doctor=uuid4(), start=time(8), status="scheduled")]
    lines = lines_of(rows, actor=staff_with(set()), now=datetime(2026, 11, 20, 8, tzinfo=LOCAL_ZONE))
    assert not lines[0].is_next


def staff_with(permissions: set[str]) -> Actor:
    """A member of staff who may do this."""
    return Actor(
        kind="staff", id=uuid4(), session_id=uuid4(), name="", role="nurse", permissions=frozenset(permissions)
    )


def row(*, doctor: object, start: time, status: str) -> AppointmentRow:
    """An appointment of the day."""
    values: dict[str, Any] = dict.fromkeys(AppointmentRow.__dataclass_fields__)
    values.update(doctor_id=doctor, start_time=start, status=status, appointment_date=DAY)
    return AppointmentRow(**values)
