"""Dates in words, and numbers of which enough is shown."""

from datetime import date, timedelta

import pytest
from flask import Flask
from flask_babel import Babel

from kernel.clock import local_today
from patient_portal.wording import how_soon, in_words, masked, opening_hours


@pytest.fixture
def app() -> Flask:
    """An app whose readers read English."""
    made = Flask(__name__)
    Babel(made, locale_selector=lambda: "en")
    return made


def test_the_day_of_the_week_stands_first(app: Flask) -> None:
    with app.test_request_context():
        assert in_words(date(2026, 11, 24)) == "Tuesday, 24/11/2026"


def test_what_is_soon_is_said(app: Flask) -> None:
    with app.test_request_context():
        said = [how_soon(local_today() + timedelta(days=days)) for days in (-1, 0, 1, 2, 15)]
    assert said == ["", "Today", "Tomorrow", "In 2 days", ""]


def test_a_number_shows_its_ends_only() -> None:
    assert masked("079095012345") == "079*******45"


def test_opening_hours_say_days_in_a_row_once(app: Flask) -> None:
    morning = [["07:00", "11:30"]]
    stored = {**dict.fromkeys(("mon", "tue", "wed"), morning), "thu": [], "fri": [], "sat": [], "sun": morning}
    with app.test_request_context():
        assert opening_hours(stored) == [("Monday – Wednesday", "07:00-11:30"), ("Sunday", "07:00-11:30")]
        assert opening_hours(None) == []
