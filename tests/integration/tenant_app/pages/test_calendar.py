"""Hours and holidays by the page, and what the booking page then offers."""

from collections.abc import Callable

from tenant_app.calendar.public import list_holidays, missing_public_holidays
from tenant_app.hospital.public import hospital_info
from tests.support.clinic import Clinic, tomorrow
from tests.support.counting import Counting
from tests.support.staff_browser import Browser, sent_as_shown

SignIn = Callable[[Clinic, str], Browser]
PATH = "/hospital/calendar"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def hours(browser: Browser, **changed: str) -> dict[str, str]:
    """The form of hours as it is shown, with changes."""
    shown = sent_as_shown(browser.get(PATH))
    return {name: text for name, text in shown.items() if name.startswith(("business", "version"))} | changed


def times_offered(browser: Browser, clinic: Clinic, **other: str) -> str:
    fields = {
        "step": "times",
        "patient": str(clinic.patient().patient.id),
        "department": str(clinic.department_id),
        "doctor": str(clinic.doctor_id),
        "day": tomorrow().strftime("%d/%m/%Y"),
        **other,
    }
    return browser.post("/appointments/new", **fields).text


def test_hours_are_saved_and_free_times_follow(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    week = {f"business_hours_{day}": "8h-9h" for day in DAYS}
    assert admin.post(f"{PATH}/hours", **hours(admin, **week)).status_code == 303
    assert 'value="08:00-09:00"' in admin.get(PATH)
    offered = times_offered(admin, clinic)
    assert 'name="start" value="08:30"' in offered
    assert 'name="start" value="09:00"' not in offered
    assert 'name="start" value="20:00"' in times_offered(admin, clinic, all_hours="1")


def test_a_holiday_closes_a_day_until_it_is_taken_out(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    added = admin.post(f"{PATH}/holidays", name="Họp toàn viện", first_day=tomorrow().strftime("%d/%m/%Y"))
    assert added.status_code == 303
    assert "Họp toàn viện" in admin.get(PATH)
    assert 'name="start"' not in times_offered(admin, clinic)
    again = admin.post(f"{PATH}/holidays", name="Họp toàn viện", first_day=tomorrow().strftime("%d/%m/%Y"))
    assert again.status_code == 409
    with clinic.uow() as uow:
        there = list_holidays(uow=uow).items[0]
    assert admin.post(f"{PATH}/holidays/{there.id}/remove").status_code == 303
    assert 'name="start" value="08:30"' in times_offered(admin, clinic)


def test_public_holidays_are_added_once(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    with clinic.uow() as uow:
        offered = missing_public_holidays(uow=uow, since=tomorrow())
    ticked = [str(each.first_day) for each in offered[:2]]
    for _ in range(2):
        assert admin.post(f"{PATH}/holidays/public", day=ticked).status_code == 303
    with clinic.uow() as uow:
        assert [str(each.first_day) for each in list_holidays(uow=uow).items] == ticked


def test_what_is_wrong_is_named_and_stays(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    bad = admin.post(f"{PATH}/hours", **hours(admin, business_hours_tue="sáng"))
    assert bad.status_code == 422
    assert 'href="#business_hours_tue"' in bad.text
    assert 'value="sáng"' in bad.text
    wrong = admin.post(f"{PATH}/holidays", name="", first_day="31/02/2027", start_time="x")
    assert wrong.status_code == 422
    assert 'href="#first_day"' in wrong.text
    assert 'href="#start_time"' in wrong.text
    form = hours(admin)
    assert admin.post(f"{PATH}/hours", **{**form, "business_hours_mon": "8h-9h"}).status_code == 303
    late = admin.post(f"{PATH}/hours", **{**form, "business_hours_mon": "10h-11h"})
    assert late.status_code == 412
    assert "08:00-09:00" in late.text
    assert 'value="10h-11h"' in late.text
    with clinic.uow() as uow:
        stored = hospital_info(uow=uow).business_hours
        assert stored is not None
        assert stored["mon"] == [["08:00", "09:00"]]


def test_others_only_look_and_the_page_asks_little(
    sign_in: SignIn, clinics: tuple[Clinic, Clinic], count_queries: Counting
) -> None:
    clinic, other = clinics
    nurse, admin, stranger = sign_in(clinic, "nurse"), sign_in(clinic, "admin"), sign_in(other, "admin")
    admin.post(f"{PATH}/holidays", name="Riêng", first_day=tomorrow().strftime("%d/%m/%Y"))
    page = nurse.get(PATH)
    assert "Riêng" in page
    assert "business_hours_mon" not in page
    assert nurse.post(f"{PATH}/hours").status_code == 403
    assert nurse.post(f"{PATH}/holidays", name="x").status_code == 403
    assert "Riêng" not in stranger.get(PATH)
    with clinic.uow() as uow:
        there = list_holidays(uow=uow).items[0]
    assert stranger.post(f"{PATH}/holidays/{there.id}/remove").status_code == 404
    with count_queries() as counted:
        admin.get(PATH)
    assert counted.total <= 12
