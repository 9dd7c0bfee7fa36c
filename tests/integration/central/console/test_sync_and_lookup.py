"""The overview's figures, dead letters, and looking people up."""

import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from central import roles
from central.console import overview
from central.patient_index.public import DAILY_CAP
from kernel.clock import utc_now
from kernel.ids import new_row_id
from tests.support.console import ConsoleUnderTest
from tests.support.counting import Counting
from tests.support.hospitals import Hospital

TWO = tuple[Hospital, Hospital]
CCCD = "079195012345"
REASON = "Phiếu hỗ trợ 4412, người bệnh hỏi nơi có hồ sơ"


def put_dead_letter(console: ConsoleUnderTest, hospital: Hospital, *, reason: str = "version_jump") -> UUID:
    letter = new_row_id()
    with console.central.superuser() as connection:
        connection.execute(
            "INSERT INTO sync_dead_letters (id, tenant_id, event_id, event_type, reason, attempts, first_failed_at,"
            " last_failed_at) VALUES (%s, %s, %s, 'patient.updated', %s, 3, now(), now())",
            (letter, hospital.tenant, uuid4(), reason),
        )
    return letter


def put_status(console: ConsoleUnderTest, hospital: Hospital, *, backlog: int, waits: timedelta) -> None:
    with console.central.superuser() as connection:
        connection.execute(
            "INSERT INTO tenant_sync_status (tenant_id, last_push_at, backlog, oldest_pending_at)"
            " VALUES (%s, now(), %s, now() - %s)",
            (hospital.tenant, backlog, waits),
        )
        connection.execute(
            "INSERT INTO sync_history (tenant_id, sync_type, status, records_count, results, start_time, end_time)"
            """ VALUES (%s, 'push', 'success', %s, '{"applied": 1}', now(), now())""",
            (hospital.tenant, backlog),
        )


def know(console: ConsoleUnderTest, cccd: str, *hospitals: Hospital) -> UUID:
    """Central knows the person with this number at these hospitals."""
    person = uuid4()
    digest = console.app.extensions["sokham"]
    index = next(item for kind, item in digest.items() if kind.__name__ == "BlindIndex").digest("cccd", cccd)
    with console.central.superuser() as connection:
        connection.execute("INSERT INTO persons (id) VALUES (%s)", (person,))
        connection.execute(
            "INSERT INTO person_identifiers (person_id, system, key_version, digest, sealed_value, dek_id)"
            " VALUES (%s, 'cccd', %s, %s, 'sealed', %s)",
            (person, index.version, index.value, uuid4()),
        )
        for hospital in hospitals:
            connection.execute(
                "INSERT INTO central_patient_index (patient_global_id, tenant_id, patient_local_id, metadata_encrypted,"
                " encryption_key_id, status, epoch, n) VALUES (%s, %s, %s, 'sealed', %s, 'active', 1, 1)",
                (person, hospital.tenant, uuid4(), uuid4()),
            )
    return person


def test_the_overview_counts_and_puts_first_what_needs_a_look(console: ConsoleUnderTest, two_hospitals: TWO) -> None:
    late, well = two_hospitals
    put_status(console, late, backlog=40, waits=timedelta(hours=1))
    put_status(console, well, backlog=2, waits=timedelta(seconds=5))
    put_dead_letter(console, late)
    with console.central.database(roles.CONSOLE).unit_of_work() as uow:
        seen = overview.overview(uow=uow, now=utc_now(), with_security=True, with_sync=True)
    assert seen.by_status["active"] == 2
    assert (seen.backlog, seen.dead_letters, seen.critical_events, seen.events_today) == (42, 1, 0, 42)
    assert [each.tenant_code for each in seen.late] == [late.tenant_code]
    assert [each.tenant_id for each in seen.hospitals] == [late.tenant, well.tenant]
    assert seen.hours[-1].level == 20
    page = console.browser("super_admin").get("/overview")
    assert "ck-worries" in page
    assert page.index(late.tenant_code) < page.index(well.tenant_code)
    part = console.browser("support").get("/overview", HX_Request="true")
    assert "<html" not in part
    assert "/security-events" not in part


def test_the_overview_asks_as_often_for_many_hospitals_as_for_two(
    console: ConsoleUnderTest, two_hospitals: TWO, count_queries: Counting
) -> None:
    browser = console.browser("super_admin")
    with count_queries() as few:
        browser.get("/overview")
    with console.central.superuser() as connection:
        for number in range(30):
            connection.execute(
                "INSERT INTO tenants (id, tenant_code, name, status) VALUES (%s, %s, 'Bệnh viện', 'active')",
                (new_row_id(), f"bv-{number}"),
            )
    with count_queries() as many:
        browser.get("/overview")
    assert many.total == few.total


def test_an_overview_that_refreshes_itself_keeps_no_session_alive(console: ConsoleUnderTest) -> None:
    browser = console.browser("support")
    with console.central.superuser() as connection:
        connection.execute("UPDATE admin_sessions SET last_seen_at = now() - interval '10 min'")
        browser.get("/overview", HX_Request="true", By_Itself="1")
        kept = connection.execute("SELECT now() - last_seen_at > interval '9 min' FROM admin_sessions").fetchone()
        browser.get("/overview")
        touched = connection.execute("SELECT now() - last_seen_at < interval '1 min' FROM admin_sessions").fetchone()
    assert (kept, touched) == ((True,), (True,))


@pytest.mark.parametrize("decision", ["replay", "discard"])
def test_a_dead_letter_is_decided_once(console: ConsoleUnderTest, two_hospitals: TWO, decision: str) -> None:
    letter = put_dead_letter(console, two_hospitals[0])
    browser = console.browser("technician")
    assert f"{letter}/{decision}" in browser.get("/sync/dead-letters")
    assert f"{letter}/{decision}" not in console.browser("support").get("/sync/dead-letters")
    browser.post(f"/sync/dead-letters/{letter}/{decision}")
    assert str(letter) not in browser.get("/sync/dead-letters")
    assert (
        "Việc này đã được quyết định"
        in browser.client.get(browser.post(f"/sync/dead-letters/{letter}/{decision}").headers["Location"]).text
    )
    browser.post(f"/sync/dead-letters/{uuid4()}/{decision}", status=404)
    with console.central.superuser() as connection:
        change = connection.execute("SELECT tenant_id, kind FROM sync_changes").fetchall()
        action = connection.execute(
            "SELECT resource_id FROM admin_audit_logs WHERE action = %s", (f"sync.{decision}",)
        ).fetchall()
    assert change == [(two_hospitals[0].tenant, decision)]
    assert action == [(str(letter),)]


def test_a_history_shows_its_own_hospital_s_batches(console: ConsoleUnderTest, two_hospitals: TWO) -> None:
    put_status(console, two_hospitals[0], backlog=4321, waits=timedelta(seconds=1))
    browser = console.browser("support")
    assert "4.321" in browser.get(f"/sync/{two_hospitals[0].tenant}")
    assert "4.321" not in browser.get(f"/sync/{two_hospitals[1].tenant}")


def test_a_lookup_answers_hospitals_and_ids_and_leaves_a_trail(console: ConsoleUnderTest, two_hospitals: TWO) -> None:
    person = know(console, CCCD, *two_hospitals)
    browser = console.browser("support")
    spaced = f"{CCCD[:3]} {CCCD[3:6]} {CCCD[6:9]} {CCCD[9:]}"
    answer = browser.post("/patient-lookup", cccd=spaced, reason=REASON, status=200)
    assert answer.text.count(str(person)) == 2
    assert all(hospital.tenant_code in answer.text for hospital in two_hospitals)
    assert answer.headers["Cache-Control"] == "no-store"
    assert f"<strong>{DAILY_CAP - 1}</strong>" in answer.text
    with console.central.superuser() as connection:
        row = connection.execute(
            "SELECT reason, resource_id, row_to_json(l)::text FROM admin_audit_logs l"
            " WHERE action = 'patient_index.lookup'"
        ).fetchone()
    assert row is not None
    assert row[:2] == (REASON, str(person))
    assert CCCD not in row[2]


def test_a_lookup_of_nobody_is_on_record_too(console: ConsoleUnderTest) -> None:
    browser = console.browser("support")
    assert "sk-empty" in browser.post("/patient-lookup", cccd=CCCD, reason=REASON, status=200).text
    assert f"<strong>{DAILY_CAP - 1}</strong>" in browser.get("/patient-lookup")


@pytest.mark.parametrize(
    ("cccd", "reason", "field"), [("12345", REASON, "cccd"), (CCCD, "", "reason"), (CCCD, "vì", "reason")]
)
def test_a_lookup_needs_a_number_and_a_reason(console: ConsoleUnderTest, cccd: str, reason: str, field: str) -> None:
    browser = console.browser("support")
    page = browser.post("/patient-lookup", cccd=cccd, reason=reason, status=422).text
    assert f'id="{field}-error"' in page
    assert f"<strong>{DAILY_CAP}</strong>" in page


def test_the_day_s_lookups_end(console: ConsoleUnderTest) -> None:
    someone = console.administrator("support")
    with console.central.superuser() as connection:
        for _ in range(DAILY_CAP):
            connection.execute(
                "INSERT INTO admin_audit_logs (user_id, actor_name, action, resource_type)"
                " VALUES (%s, 'x', 'patient_index.lookup', 'person')",
                (someone.id,),
            )
    browser = console.browser("support")
    assert re.search(r'<button type="submit"[^>]* disabled=""', browser.get("/patient-lookup"))
    answer = browser.post("/patient-lookup", cccd=CCCD, reason=REASON, status=429)
    assert answer.headers["Retry-After"]
    assert "<strong>0</strong>" in answer.text
    # Another administrator has lookups of their own.
    assert f"<strong>{DAILY_CAP}</strong>" in console.browser("super_admin").get("/patient-lookup")


def test_the_logs_are_read_page_by_page(console: ConsoleUnderTest, two_hospitals: TWO) -> None:
    with console.central.superuser() as connection:
        for number in range(30):
            connection.execute(
                "INSERT INTO admin_audit_logs (actor_name, action, resource_type, tenant_id, reason)"
                " VALUES ('x', 'tenant.suspend', 'tenant', %s, %s)",
                (two_hospitals[0].tenant, f"lý do {number:02d}"),
            )
            connection.execute(
                "INSERT INTO security_audit_logs (security_event, risk_level, event_details)"
                " VALUES ('sign_in_failed', 'high', jsonb_build_object('number', %s::int))",
                (number,),
            )
    browser = console.browser("super_admin")
    for path, pattern in (
        (f"/audit-log?tenant={two_hospitals[0].tenant}", r"lý do (\d\d)"),
        ("/security-events?risk=high", r"number: (\d+)"),
    ):
        first = browser.get(path)
        onward = re.search(r'rel="next" href="\?([^"]+)"', first)
        assert onward is not None
        second = browser.get(f"{path.split('?')[0]}?{onward[1].replace('&amp;', '&')}")
        seen = [int(number) for page in (first, second) for number in re.findall(pattern, page)]
        assert sorted(seen) == list(range(30))
    assert "lý do" not in browser.get(f"/audit-log?tenant={two_hospitals[1].tenant}")
