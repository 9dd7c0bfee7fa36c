"""How the hospital reminds: channels, times, quiet hours, limits, a test, and when somebody counts as not come."""

from collections.abc import Mapping
from datetime import time
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from kernel.clock import utc_now
from kernel.errors import InvalidFields, PreconditionFailed
from kernel.ids import new_row_id
from kernel.text import N_
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import collaborator, request_unit_of_work
from tenant_app.hospital.public import hospital_info
from tenant_app.pages.forms import lead_to, page, parse_time, sent_version, spoken, typed
from tenant_app.pages.reminder_pages import words
from tenant_app.pages.reminder_words import CHANNEL_NAMES
from tenant_app.reminders.public import (
    MAY_BE_EMPTY,
    RANGES,
    SWITCHES,
    TIMES,
    Composer,
    Facts,
    change_settings,
    latest_tests,
    reminder_settings,
    send_test,
    settings_values,
)
from tenant_app.settings.public import ACCOUNTS, Offers, Value, values

blueprint = Blueprint("reminder_settings", __name__, url_prefix="/hospital/reminders")

BAD_NUMBER: Final = N_("Enter a whole number.")


@blueprint.route("")
@requires("hospital.manage")
def show() -> Response:
    """The settings, what an SMS looks like with them, and the last tests."""
    return _show()


@blueprint.route("", methods=["POST"])
@requires("hospital.manage")
def save() -> Response:
    """Save all of them."""
    uow = request_unit_of_work()
    shown = {name: typed(name) for name in (*SWITCHES, *TIMES, *RANGES)}
    try:
        change_settings(uow=uow, actor=current_actor(), version=sent_version(), given=_read(shown))
    except InvalidFields as wrong:
        uow.session.rollback()
        return _show(shown=shown, errors=spoken(wrong.errors), version=sent_version(), status=wrong.status)
    except PreconditionFailed as late:
        uow.session.rollback()
        return _show(shown=shown, overtaken=True, status=late.status)
    uow.commit()
    return lead_to(
        url_for("reminder_settings.show"), message=gettext("The settings are saved, open appointments follow.")
    )


@blueprint.route("/test", methods=["POST"])
@requires("hospital.manage")
def test() -> Response:
    """A message to an address of one's own."""
    uow = request_unit_of_work()
    channel, to = request.form.get("channel", ""), typed("to")
    try:
        send_test(uow=uow, actor=current_actor(), channel=channel, to=to)
    except InvalidFields as wrong:
        uow.session.rollback()
        return _show(test={"channel": channel, "to": to}, errors=spoken(wrong.errors), status=wrong.status)
    uow.commit()
    said = gettext("The test goes out within a minute. Load the page again to see what became of it.")
    return lead_to(url_for("reminder_settings.show", _anchor="test"), message=said)


def _read(shown: dict[str, str]) -> dict[str, Any]:
    """What was typed; raises InvalidFields with all that cannot be read."""
    values: dict[str, Any] = {name: shown[name] == "1" for name in SWITCHES}
    errors: dict[str, list[str]] = {}
    for name in (*TIMES, *RANGES):
        text = shown[name]
        try:
            if not text and name in MAY_BE_EMPTY:
                values[name] = None
            elif name in TIMES:
                values[name] = parse_time(text, field=name)
            else:
                values[name] = int(text)
        except InvalidFields as wrong:
            errors.update({field: list(said) for field, said in wrong.errors.items()})
        except ValueError:
            errors[name] = [BAD_NUMBER]
    if errors:
        raise InvalidFields(errors=errors)
    return values


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return "" if value is None else str(value)


def _show(
    *,
    shown: dict[str, str] | None = None,
    errors: dict[str, list[str]] | None = None,
    version: int | None = None,
    overtaken: bool = False,
    test: dict[str, str] | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    uow = request_unit_of_work()
    found = reminder_settings(uow=uow)
    stored = {name: _written(value) for name, value in settings_values(found).items()}
    hospital = hospital_info(uow=uow)
    facts = Facts(
        reference=new_row_id(),
        to="",
        starts_at=utc_now(),
        language="vi",
        hospital=hospital.display_name or hospital.name,
        hospital_address=hospital.address,
        hospital_phone=hospital.phone,
        hospital_email=hospital.email,
        department=None,
        sms_unaccented=found.sms_unaccented,
    )
    answer = page(
        "reminders/settings.html",
        status=status,
        shown=shown or stored,
        stored=stored,
        errors=errors or {},
        version=found.version if version is None else version,
        overtaken=overtaken,
        ranges=RANGES,
        sample=Composer().sms_sample(facts),
        hospital_phone=hospital.phone,
        tests=latest_tests(uow=uow),
        accounts=_accounts(values(uow=uow)),
        test=test or {"channel": "email", "to": ""},
        **words(),
    )
    uow.commit()
    return answer


def _accounts(values: Mapping[str, Value]) -> list[tuple[str, str, str]]:
    """By which account each channel's messages go: the group of its settings, the channel's name, and in words."""
    usual, found = collaborator(Offers).usual, []
    for group, account in ACCOUNTS.items():
        if values[account.server]:
            said = f"{values[account.server]} · {values[account.sender]}"
        else:
            said = gettext("The operator's") if account.channel in usual else gettext("None: nothing can be sent")
        found.append((group, gettext(CHANNEL_NAMES[account.channel]), said))
    return found
