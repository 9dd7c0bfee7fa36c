"""Bodies and answers about reminders."""

from typing import Any

import marshmallow as ma

from tenant_app.reminders.models import CHANNELS, STATUSES
from tenant_app.reminders.rules import MAY_BE_EMPTY, RANGES, SWITCHES, WISHES
from tenant_app.schemas import Body, Listed, page_answer

_CHANNEL: Any = ma.validate.OneOf(CHANNELS)


class ReminderBody(Body):
    """Send a reminder now, on this channel."""

    channel = ma.fields.String(required=True, validate=_CHANNEL)


class TestBody(Body):
    """Send a test message to an address or a phone of one's own."""

    # pytest takes classes of this name for tests.
    __test__ = False

    channel = ma.fields.String(required=True, validate=_CHANNEL)
    to = ma.fields.String(required=True, validate=ma.validate.Length(1, 255))


class ReminderAnswer(ma.Schema):
    """A reminder; `obstacle` says why one that is pending would not be sent as things stand."""

    id = ma.fields.UUID()
    appointment_id = ma.fields.UUID(allow_none=True)
    channel = ma.fields.String(attribute="reminder_type")
    kind = ma.fields.String()
    starts_at = ma.fields.AwareDateTime()
    scheduled_at = ma.fields.AwareDateTime()
    status = ma.fields.String()
    reason = ma.fields.String(allow_none=True)
    obstacle = ma.fields.String(allow_none=True)
    attempts = ma.fields.Integer()
    sent_at = ma.fields.AwareDateTime(allow_none=True)
    created_at = ma.fields.AwareDateTime()


class RemindersOfAppointmentAnswer(ma.Schema):
    """All reminders of one appointment."""

    items = ma.fields.List(ma.fields.Nested(ReminderAnswer), required=True)


class RemindersAsked(Listed):
    """Which reminders: of one status; without it those that need somebody to look."""

    status = ma.fields.String(load_default=None, validate=ma.validate.OneOf(STATUSES))


class SettingsBody(Body):
    """What is to be changed; null switches off what can be."""

    email_on = ma.fields.Boolean()
    sms_on = ma.fields.Boolean()
    sms_unaccented = ma.fields.Boolean()
    needs_consent = ma.fields.Boolean()
    day_before_at = ma.fields.Time(allow_none=True)
    hours_before = ma.fields.Integer(strict=True, allow_none=True)
    quiet_from = ma.fields.Time()
    quiet_until = ma.fields.Time()
    most_a_day = ma.fields.Integer(strict=True)
    most_a_minute = ma.fields.Integer(strict=True)
    no_show_after = ma.fields.Integer(strict=True, allow_none=True)


SettingsAnswer = ma.Schema.from_dict(
    {
        **{name: ma.fields.Boolean() for name in SWITCHES},
        **{
            name: ma.fields.Time(format="%H:%M", allow_none=True)
            for name in ("day_before_at", "quiet_from", "quiet_until")
        },
        **{name: ma.fields.Integer(allow_none=name in MAY_BE_EMPTY) for name in RANGES},
        "version": ma.fields.Integer(),
    },
    name="ReminderSettings",
)


class WishesBody(Body):
    """What the patient wants; what is not named stays."""

    email = ma.fields.String(validate=ma.validate.OneOf(WISHES["email"]))
    sms = ma.fields.String(validate=ma.validate.OneOf(WISHES["sms"]))
    language = ma.fields.String(validate=ma.validate.OneOf(WISHES["language"]))


class WishesAnswer(ma.Schema):
    """`on`, `off`, or null where nobody asked."""

    email = ma.fields.String(allow_none=True)
    sms = ma.fields.String(allow_none=True)
    language = ma.fields.String()


RemindersAnswer = page_answer("Reminders", ReminderAnswer)
