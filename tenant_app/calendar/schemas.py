"""Bodies and answers about holidays."""

import marshmallow as ma

from tenant_app.calendar.service import LONGEST_NAME
from tenant_app.schemas import Body, Listed, page_answer


class HolidayBody(Body):
    """A day or days on which the hospital is closed; with times, only that part of each day."""

    name = ma.fields.String(required=True, validate=ma.validate.Length(1, LONGEST_NAME))
    first_day = ma.fields.Date(required=True)
    last_day = ma.fields.Date(load_default=None, allow_none=True)
    start_time = ma.fields.Time(load_default=None, allow_none=True)
    end_time = ma.fields.Time(load_default=None, allow_none=True)


class PublicHolidayAnswer(ma.Schema):
    """A public holiday that the calendar does not have yet."""

    name = ma.fields.String()
    first_day = ma.fields.Date()
    last_day = ma.fields.Date()


class HolidayAnswer(PublicHolidayAnswer):
    """A holiday."""

    id = ma.fields.UUID()
    start_time = ma.fields.Time(format="%H:%M", allow_none=True)
    end_time = ma.fields.Time(format="%H:%M", allow_none=True)


class HolidaysAsked(Listed):
    """Which holidays: those that are not over on the day `since`."""

    since = ma.fields.Date(load_default=None)


class PublicHolidaysAnswer(ma.Schema):
    """Public holidays to add."""

    items = ma.fields.List(ma.fields.Nested(PublicHolidayAnswer), required=True)


HolidaysAnswer = page_answer("Holidays", HolidayAnswer)
