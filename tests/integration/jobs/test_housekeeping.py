"""Partitions a year ahead, and what has run out goes while all else stays."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from central import roles
from central.router.public import RouterLimits, TenantRouter
from jobs.hospitals import EachHospital
from jobs.housekeeping import HospitalsLeftOut, Partitions, Pruning
from jobs.job import Run
from kernel.ids import TenantId
from keys.public import Keychain
from tenant_app.settings.public import CATALOGUE
from tests.support.clinic import open_clinic
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital
from tests.support.own_settings import set_value
from tests.support.proxy import proxy_to
from tests.support.routers import router_on

Pair = tuple[Hospital, Hospital]


@pytest.fixture
def router(central: CentralDatabase, keychain: Keychain, two_hospitals: Pair) -> Iterator[TenantRouter]:
    with router_on(central, keychain, purpose="seal") as made:
        yield made


@pytest.fixture
def each(router: TenantRouter) -> Iterator[EachHospital]:
    several = EachHospital(job="test", router=router)
    yield several
    several.close()


def a_run() -> Run:
    return Run(seconds=60, stop=threading.Event())


def test_partitions_stand_a_year_ahead_in_central_and_each_hospital(
    central: CentralDatabase, router: TenantRouter, each: EachHospital, two_hospitals: Pair
) -> None:
    last_of = (
        "SELECT max(relname) FROM pg_class JOIN pg_inherits ON inhrelid = oid WHERE inhparent = 'audit_logs'::regclass"
    )
    for hospital in two_hospitals:
        with hospital.superuser() as connection:
            newest = connection.execute(last_of).fetchall()[0][0]
            connection.execute(psycopg.sql.SQL("DROP TABLE {}").format(psycopg.sql.Identifier(newest)))
    partitions = Partitions(
        central=central.database(roles.SEAL).unit_of_work, hospital=router.unit_of_work, hospitals=each
    )
    partitions.run(a_run())
    partitions.run(a_run())
    for hospital in two_hospitals:
        with hospital.superuser() as connection:
            assert connection.execute(last_of).fetchall()[0][0] == newest
            far = "SELECT now() + interval '12 months'"
            month = connection.execute(f"SELECT to_char(({far}) AT TIME ZONE 'UTC', 'YYYY\"m\"MM')").fetchall()[0][0]
            assert newest.endswith(f"y{month}")


def test_what_has_run_out_goes_from_central_and_the_rest_stays(
    central: CentralDatabase, router: TenantRouter, each: EachHospital
) -> None:
    user, session, old_session = uuid4(), uuid4(), uuid4()
    with central.superuser() as connection:
        connection.execute(
            "INSERT INTO users (id, username, email, full_name, role) VALUES (%s, 'a', 'a@x.vn', 'A', 'support')",
            (user,),
        )
        for identity, ago in ((session, "1 day"), (old_session, "40 days")):
            connection.execute(
                "INSERT INTO admin_sessions (id, account_id, last_seen_at, expires_at)"
                " VALUES (%s, %s, now(), now() - %s::interval)",
                (identity, user, ago),
            )
            connection.execute(
                "INSERT INTO admin_refresh_tokens (session_id, token_hash, expires_at)"
                " VALUES (%s, sha256(%s::text::bytea), now() - %s::interval)",
                (identity, str(identity), ago),
            )
        for key, ago in (("new", "23 hours"), ("old", "25 hours")):
            connection.execute(
                "INSERT INTO idempotency_keys (actor_id, route, key, request_hash, created_at)"
                " VALUES (%s, 'r', %s, 'x', now() - %s::interval)",
                (user, key, ago),
            )
        connection.execute(
            "INSERT INTO sync_used_tokens (jti, expires_at)"
            " VALUES ('old', now() - interval '6 minutes'), ('new', now() - interval '1 minute')"
        )
        connection.execute(
            "INSERT INTO sync_inbox (tenant_id, event_id, result, received_at)"
            " SELECT id, uuidv7(), 'applied', now() - ago FROM tenants, unnest(ARRAY["
            " interval '29 days', interval '31 days']) AS ago"
        )
    _prune(central, router, each, rows=1)
    with central.superuser() as connection:

        def left(query: str) -> list[object]:
            return [row[0] for row in connection.execute(query.encode())]

        assert left("SELECT id FROM admin_sessions") == [session]
        assert left("SELECT session_id FROM admin_refresh_tokens") == [session]
        assert left("SELECT key FROM idempotency_keys") == ["new"]
        assert left("SELECT jti FROM sync_used_tokens") == ["new"]
        assert left("SELECT count(*) FROM sync_inbox") == [2]


def test_what_has_run_out_goes_from_each_hospital_and_the_rest_stays(
    central: CentralDatabase, router: TenantRouter, each: EachHospital, two_hospitals: Pair
) -> None:
    kept: dict[TenantId, object] = {}
    for hospital in two_hospitals:
        with hospital.superuser() as connection:
            user = uuid4()
            connection.execute(
                "INSERT INTO users (id, username, email, full_name, role, status)"
                " VALUES (%s, 'bs', 'bs@x.vn', 'Bác sĩ', 'doctor', 'active')",
                (user,),
            )
            for ago in ("29 days", "31 days"):
                session = uuid4()
                connection.execute(
                    "INSERT INTO staff_sessions (id, account_id, last_seen_at, expires_at, ended_at)"
                    " VALUES (%s, %s, now(), now(), now() - %s::interval)",
                    (session, user, ago),
                )
                connection.execute(
                    "INSERT INTO staff_refresh_tokens (session_id, token_hash, expires_at)"
                    " VALUES (%s, sha256(%s::text::bytea), now() + interval '1 hour')",
                    (session, str(session)),
                )
                kept.setdefault(hospital.tenant, session)
                connection.execute(
                    "INSERT INTO idempotency_keys (actor_id, route, key, request_hash, created_at)"
                    " VALUES (%s, 'r', %s, 'x', now() - %s::interval / 28)",
                    (user, ago, ago),
                )
    _prune(central, router, each)
    for hospital in two_hospitals:
        with hospital.superuser() as connection:
            assert connection.execute("SELECT id FROM staff_sessions").fetchall() == [(kept[hospital.tenant],)]
            tokens = connection.execute("SELECT session_id FROM staff_refresh_tokens").fetchall()
            assert tokens == [(kept[hospital.tenant],)]
            assert connection.execute("SELECT count(*) FROM idempotency_keys").fetchone() == (0,)


def test_a_settled_event_stays_while_another_of_its_patient_is_unsettled(
    central: CentralDatabase, router: TenantRouter, each: EachHospital, hospital: Hospital
) -> None:
    busy, quiet = uuid4(), uuid4()
    with hospital.superuser() as connection:
        for aggregate, state, days in (
            (busy, "settled", 40),
            (busy, "pending", 35),
            (quiet, "settled", 40),
            (quiet, "settled", 5),
        ):
            connection.execute(
                "INSERT INTO outbox (id, aggregate_type, aggregate_id, event_type, epoch, n, payload, state,"
                " settled_at) VALUES (uuidv7(make_interval(days => -%s)), 'patient', %s, 'patient.updated', 1, 1,"
                " '{}', %s, now() - make_interval(days => %s))",
                (days, aggregate, state, days),
            )
    _prune(central, router, each)
    with hospital.superuser() as connection:
        left = connection.execute("SELECT aggregate_id, count(*) FROM outbox GROUP BY 1").fetchall()
    assert dict(left) == {busy: 2, quiet: 1}


def test_an_erasure_stays_for_good_and_what_is_dead_waits(
    central: CentralDatabase, router: TenantRouter, each: EachHospital, hospital: Hospital
) -> None:
    with hospital.superuser() as connection:
        for event, state in (
            ("patient.erased", "settled"),
            ("patient.erased", "discarded"),
            ("patient.updated", "discarded"),
            ("patient.updated", "dead"),
        ):
            connection.execute(
                "INSERT INTO outbox (id, aggregate_type, aggregate_id, event_type, epoch, n, payload, state,"
                " created_at) VALUES (uuidv7(interval '-40 days'), 'patient', gen_random_uuid(), %s, 1, 1, '{}', %s,"
                " now() - interval '40 days')",
                (event, state),
            )
    _prune(central, router, each, rows=1)
    with hospital.superuser() as connection:
        left = connection.execute("SELECT event_type, state FROM outbox ORDER BY 1").fetchall()
    assert left == [("patient.erased", "settled"), ("patient.updated", "dead")]


def test_links_and_invites_go_a_year_after_their_end(
    central: CentralDatabase, router: TenantRouter, each: EachHospital, two_hospitals: Pair
) -> None:
    hospital, other = two_hospitals
    clinic = open_clinic(hospital)
    account = uuid4()
    with hospital.superuser() as connection:
        patient = uuid4()
        connection.execute(
            "INSERT INTO patients (id, patient_global_id, full_name, search_key, date_of_birth, gender)"
            " VALUES (%s, gen_random_uuid(), 'Lê Thị Tư', 'le thi tu', '1990-02-03', 'female')",
            (patient,),
        )
        connection.execute("INSERT INTO patient_users (id, patient_id) VALUES (%s, %s)", (account, patient))
        for ago in (None, "11 months", "13 months"):
            connection.execute(
                "INSERT INTO patient_links (account_id, direction, other_tenant_id, other_account_id, ended_at,"
                " end_reason) VALUES (%s, 'opened_by', %s, gen_random_uuid(), now() - %s::interval, %s)",
                (account, other.tenant, ago, ago and "unlinked"),
            )
        for ago in ("-3 days", "11 months", "13 months"):
            connection.execute(
                "INSERT INTO portal_invites (patient_id, tag, code_hash, expires_at, replaced_at)"
                " VALUES (%s, 't', sha256(%s::bytea), now() - %s::interval, now())",
                (patient, ago, ago),
            )
            connection.execute(
                "INSERT INTO staff_invites (account_id, token_hash, expires_at)"
                " VALUES (%s, sha256(%s::bytea), now() - %s::interval)",
                (clinic.doctor_id, ago, ago),
            )
        invites = connection.execute("SELECT count(*) FROM staff_invites").fetchall()[0][0]
    _prune(central, router, each, rows=1)
    with hospital.superuser() as connection:
        assert connection.execute("SELECT count(*) FROM patient_links").fetchone() == (2,)
        assert connection.execute("SELECT count(*) FROM portal_invites").fetchone() == (2,)
        assert connection.execute("SELECT count(*) FROM staff_invites").fetchone() == (invites - 1,)


def test_reminders_go_when_the_hospital_keeps_them_no_longer(
    central: CentralDatabase, router: TenantRouter, each: EachHospital, two_hospitals: Pair
) -> None:
    """As long as the catalogue says unless the hospital says otherwise; what is to come stays, whatever its state."""
    clinics = [open_clinic(hospital) for hospital in two_hospitals]
    rows = (("-1 day", "failed"), ("4 months", "sent"), ("23 months", "sent"), ("25 months", "pending"))
    assert CATALOGUE["reminders.kept_months"].default == 24
    set_value(clinics[1], "reminders.kept_months", 3)
    for clinic in clinics:
        with clinic.hospital.superuser() as connection:
            for ago, status in rows:
                connection.execute(
                    "INSERT INTO appointment_reminders (reminder_type, kind, starts_at, scheduled_at, status, reason,"
                    " test_address, next_attempt_at, handed_over_at)"
                    " VALUES ('sms', 'test', now() - %s::interval, now(), %s, 'x', '0912345678', now(), now())",
                    (ago, status),
                )
    _prune(central, router, each, rows=1)
    left = []
    for clinic in clinics:
        with clinic.hospital.superuser() as connection:
            left.append(connection.execute("SELECT count(*) FROM appointment_reminders").fetchone())
    assert left == [(3,), (1,)]


def test_a_hospital_that_is_away_holds_up_no_other_and_is_tried_again(
    central: CentralDatabase, keychain: Keychain, two_hospitals: Pair
) -> None:
    lost, well = two_hospitals
    done: list[TenantId] = []
    place = lost.parameters("seal")
    limits = RouterLimits(budget=4, wait_seconds=0.2, connect_seconds=1)
    with (
        proxy_to(place["host"], place["port"]) as proxy,
        router_on(central, keychain, purpose="seal", limits=limits) as router,
    ):
        proxy.swallow()
        each = EachHospital(job="test", router=router)

        def work(tenant: TenantId, _run: Run) -> None:
            if tenant == lost.tenant:
                psycopg.connect(host="127.0.0.1", port=proxy.port, connect_timeout=2)
            done.append(tenant)

        first = each.do(work, a_run(), seconds=0.5)
        assert (first.done, first.late) == (1, [lost.tenant_code])
        assert done == [well.tenant]
        # While it is at work on the lost one, the next round leaves that out.
        assert each.do(work, a_run(), seconds=0.5).done == 1
        each.close()


def test_hospitals_that_were_left_out_make_the_job_try_again(
    central: CentralDatabase, router: TenantRouter, each: EachHospital, two_hospitals: Pair
) -> None:
    with two_hospitals[0].superuser() as connection:
        connection.execute("DROP FUNCTION audit_make_partitions")
    partitions = Partitions(
        central=central.database(roles.SEAL).unit_of_work, hospital=router.unit_of_work, hospitals=each
    )
    with pytest.raises(HospitalsLeftOut):
        partitions.run(a_run())


def test_the_jobs_role_deletes_nothing_itself(central: CentralDatabase, hospital: Hospital) -> None:
    open_clinic(hospital)
    with hospital.connect("seal") as connection:
        for table in ("staff_sessions", "idempotency_keys", "outbox"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(psycopg.sql.SQL("DELETE FROM {}").format(psycopg.sql.Identifier(table)))
    with central.connect(roles.SEAL) as connection:
        for table in ("admin_sessions", "sync_inbox", "data_keys", "job_leases"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(psycopg.sql.SQL("DELETE FROM {}").format(psycopg.sql.Identifier(table)))


def _prune(central: CentralDatabase, router: TenantRouter, each: EachHospital, *, rows: int = 100) -> None:
    pruning = Pruning(
        central=central.database(roles.SEAL).unit_of_work, hospital=router.unit_of_work, hospitals=each, rows=rows
    )
    pruning.run(Run(seconds=timedelta(minutes=1).total_seconds(), stop=threading.Event()))
