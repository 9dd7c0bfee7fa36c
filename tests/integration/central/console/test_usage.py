"""How much hospitals are used: on the console's pages and over the API."""

from datetime import timedelta
from uuid import uuid4

from kernel.clock import local_today
from tests.support.console import ConsoleUnderTest
from tests.support.hospitals import Hospital

TWO = tuple[Hospital, Hospital]


def say(
    console: ConsoleUnderTest, hospital: Hospital, *, days_ago: int = 0, appointments: int, accounts: int | None = 12
) -> None:
    """The hospital has told of a day."""
    with console.central.superuser() as connection:
        connection.execute(
            "INSERT INTO tenant_usage_stats VALUES (%s, %s, 1, 1, 8, 2, 4321, 6, %s, 30, 3, 25, %s, 80, now())",
            (hospital.tenant, local_today() - timedelta(days=days_ago), appointments, accounts),
        )


def test_a_hospitals_page_shows_its_month_and_its_limits(console: ConsoleUnderTest, two_hospitals: TWO) -> None:
    one, other = two_hospitals
    for days_ago in (0, 1, 5, 40):
        say(console, one, days_ago=days_ago, appointments=40 - days_ago)
    browser = console.browser("support")
    page = browser.get(f"/hospitals/{one.tenant}")
    assert page.count('class="ck-column ') == 30
    assert "<strong>114</strong>" in page, "40 + 39 + 35, and not the day before the month"
    assert 'value="12" max="100"' in page, "staff accounts beside what the plan allows"
    staff = browser.get(f"/hospitals/{one.tenant}?chart=active_users")
    assert "<strong>24</strong>" in staff
    assert "<strong>114</strong>" in browser.get(f"/hospitals/{one.tenant}?chart=tenant_id"), "what may be charted only"
    assert "ck-column" not in browser.get(f"/hospitals/{other.tenant}")


def test_the_overview_adds_up_today(console: ConsoleUnderTest, two_hospitals: TWO) -> None:
    one, other = two_hospitals
    browser = console.browser("support")
    assert "Lịch khám hôm nay" not in browser.get("/overview")
    say(console, one, appointments=40)
    say(console, other, appointments=2)
    say(console, other, days_ago=1, appointments=500)
    page = browser.get("/overview")
    assert "Lịch khám hôm nay" in page
    assert ">42<" in page


def test_the_api_lists_days_the_newest_first(console: ConsoleUnderTest, two_hospitals: TWO) -> None:
    one, other = two_hospitals
    for days_ago in range(3):
        say(console, one, days_ago=days_ago, appointments=days_ago, accounts=None if days_ago else 12)
    say(console, other, appointments=99)
    call = console.caller("technician")
    found = call("GET", f"/tenants/{one.tenant}/usage?limit=2").get_json()
    assert [item["total_appointments"] for item in found["items"]] == [0, 1]
    assert [item["user_accounts"] for item in found["items"]] == [12, None]
    rest = call("GET", f"/tenants/{one.tenant}/usage?cursor={found['next_cursor']}").get_json()
    assert [item["total_appointments"] for item in rest["items"]] == [2]
    assert rest["next_cursor"] is None
    for broken in ("WyJhIl0", "xx"):
        assert call("GET", f"/tenants/{one.tenant}/usage?cursor={broken}", expect=422).get_json()["errors"]["cursor"]
    call("GET", f"/tenants/{uuid4()}/usage", expect=404)
