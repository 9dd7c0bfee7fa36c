"""The hospital's settings by the page, complete without JavaScript."""

from collections.abc import Callable

from kernel.settings import Settings
from tests.support.clinic import Clinic
from tests.support.own_settings import TOKEN
from tests.support.staff_browser import Browser, sent_as_shown

SignIn = Callable[[Clinic, str], Browser]
PAGE = "/hospital/settings"
SMS = {
    "messaging_sms_gateway": "thu-nghiem",
    "messaging_sms_sender": "BVHONGHA",
    "messaging_sms_token": TOKEN,
}


def test_settings_are_saved_by_group_and_taken_back(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    shown = admin.get("/hospital/settings")
    form = sent_as_shown(shown)
    assert form["unusual_many_hour"] == "30"
    refused = admin.post("/hospital/settings/many", **{**form, "unusual_many_hour": "ba mươi", "unusual_many_day": "9"})
    assert refused.status_code == 422
    assert "Phải từ 5 đến 1000." in refused.text
    assert 'value="ba mươi"' in refused.text
    assert 'id="unusual_many_day-error"' in refused.text
    saved = admin.post("/hospital/settings/many", **{**form, "unusual_many_hour": "45"})
    assert saved.status_code == 303
    now = sent_as_shown(admin.get("/hospital/settings"))
    assert (now["unusual_many_hour"], now["version_unusual_many_hour"], now["version_unusual_many_day"]) == (
        "45",
        "1",
        "0",
    )
    late = admin.post("/hospital/settings/many", **{**form, "unusual_many_hour": "50"})
    assert late.status_code == 412
    assert 'value="50"' in late.text, "what was typed stays"
    assert ": 45</li>" in late.text, "and what holds now stands above it"
    assert sent_as_shown(late.text)["version_unusual_many_hour"] == "1"
    without = {name: value for name, value in now.items() if name != "unusual_many"}
    assert admin.post("/hospital/settings/many", **without).status_code == 303, "a box without a tick is no"
    assert "unusual_many" not in sent_as_shown(admin.get("/hospital/settings"))
    assert admin.post("/hospital/settings/many/reset").status_code == 303
    assert sent_as_shown(admin.get("/hospital/settings"))["unusual_many_hour"] == "30"
    assert admin.post("/hospital/settings/nothing").status_code == 404


def test_roles_are_ticked_one_by_one(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    form = {**sent_as_shown(admin.get("/hospital/settings")), "unusual_night_roles": ["nurse", "cashier"]}
    assert admin.post("/hospital/settings/hours", **form).status_code == 303
    shown = admin.get("/hospital/settings")
    for role, ticked in (("nurse", True), ("cashier", True), ("doctor", False)):
        assert (f'value="{role}" checked' in shown) is ticked


def test_an_account_is_set_replaced_and_removed(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    empty = sent_as_shown(admin.get(PAGE))
    assert empty["messaging_sms_token"] == ""
    partly = admin.post(f"{PAGE}/sms", **{**empty, **SMS, "messaging_sms_token": ""})
    assert partly.status_code == 422
    assert 'id="messaging_sms_token-error"' in partly.text
    wrong = admin.post(f"{PAGE}/sms", **{**empty, **SMS, "messaging_sms_sender": "Bệnh viện"})
    assert wrong.status_code == 422
    assert TOKEN not in wrong.text, "a secret never comes back"
    assert admin.post(f"{PAGE}/sms", **{**empty, **SMS}).status_code == 303
    shown = admin.get(PAGE)
    assert TOKEN not in shown
    assert "Đã đặt" in shown
    again = sent_as_shown(shown)
    assert (again["messaging_sms_gateway"], again["messaging_sms_token"]) == ("thu-nghiem", "")
    kept = admin.post(f"{PAGE}/sms", **{**again, "messaging_sms_sender": "BVHH"})
    assert kept.status_code == 303, "left empty, the secret stays"
    assert stored(clinic) == {"messaging.sms_gateway", "messaging.sms_sender", "messaging.sms_token"}
    removed = admin.post(f"{PAGE}/sms", **{**sent_as_shown(admin.get(PAGE)), "messaging_sms_gateway": ""})
    assert removed.status_code == 303
    assert stored(clinic) == set()
    assert admin.post(f"{PAGE}/sms", **{**empty, **SMS}).status_code == 303
    assert admin.post(f"{PAGE}/sms/reset").status_code == 303
    assert stored(clinic) == set()


def test_reminders_say_by_which_account_they_go(sign_in: SignIn, clinic: Clinic, settings: Settings) -> None:
    admin = sign_in(clinic, "admin")
    assert settings.sms_url == ""
    assert f'href="{PAGE}#sms"' in admin.get("/hospital/reminders")
    admin.post(f"{PAGE}/sms", **{**sent_as_shown(admin.get(PAGE)), **SMS})
    assert "BVHONGHA" in admin.get("/hospital/reminders")
    assert sign_in(clinic, "receptionist").client.get(PAGE).status_code == 403


def stored(clinic: Clinic) -> set[str]:
    """What the hospital has set of its account."""
    with clinic.hospital.superuser() as connection:
        found = connection.execute(
            "SELECT config_key FROM system_configs WHERE config_key LIKE 'messaging.%'"
        ).fetchall()
    return {row[0] for row in found}
