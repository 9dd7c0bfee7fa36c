"""The router leads to the hospital that was asked for, and to no other, whatever rows and caches say."""

from typing import Any

import psycopg
import pytest
from redis import Redis
from sqlalchemy import text

from central import roles
from central.registry.public import resume, suspend
from central.router.public import (
    HospitalMismatch,
    HospitalSuspended,
    HospitalUnknown,
    RedisRouteAnnouncer,
    RouterLimits,
    TenantRouter,
)
from kernel.errors import InvalidIdentifier
from kernel.ids import TenantId, new_row_id
from kernel.redis_client import HelpfulRedis
from keys.public import Keychain
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital
from tests.support.routers import router_on
from tests.support.waiting import wait_until

Pair = tuple[Hospital, Hospital]


def fingerprint(router: TenantRouter, tenant: TenantId) -> Any:
    """The hospital whose database a transaction for `tenant` is on."""
    with router.unit_of_work(tenant) as uow:
        return uow.session.execute(text("SELECT tenant_id FROM hospital_identity")).scalar_one()


def critical_events(central: CentralDatabase) -> list[tuple[str, Any]]:
    """Names and hospitals of the critical security events."""
    with central.connect(roles.CONSOLE) as connection:
        return connection.execute(
            "SELECT security_event, tenant_id FROM security_audit_logs WHERE risk_level = 'critical'"
        ).fetchall()


def test_each_tenant_leads_to_its_own_database(
    central: CentralDatabase, keychain: Keychain, two_hospitals: Pair
) -> None:
    with router_on(central, keychain) as router:
        for hospital in (*two_hospitals, *reversed(two_hospitals)):
            assert fingerprint(router, hospital.tenant) == hospital.tenant


def test_codes_lead_there_too_and_unknown_ones_nowhere(
    central: CentralDatabase, keychain: Keychain, two_hospitals: Pair
) -> None:
    with router_on(central, keychain) as router:
        for hospital in two_hospitals:
            assert router.route_by_code(hospital.tenant_code.upper()).tenant == hospital.tenant
        with pytest.raises(HospitalUnknown):
            router.route_by_code("no-such-hospital")
        with pytest.raises(InvalidIdentifier):
            router.route_by_code("'; DROP TABLE tenants")
        with pytest.raises(HospitalUnknown):
            router.unit_of_work(TenantId.parse(new_row_id()))


def test_two_transactions_of_one_thread_on_two_hospitals_do_not_mix(
    central: CentralDatabase, keychain: Keychain, two_hospitals: Pair
) -> None:
    one, other = two_hospitals
    question = text("SELECT tenant_id FROM hospital_identity")
    with (
        router_on(central, keychain) as router,
        router.unit_of_work(one.tenant) as first,
        router.unit_of_work(other.tenant) as second,
    ):
        assert first.session.execute(question).scalar_one() == one.tenant
        assert second.session.execute(question).scalar_one() == other.tenant
        assert first.session.execute(question).scalar_one() == one.tenant
        assert (first.tenant, second.tenant) == (one.tenant, other.tenant)


def test_what_was_not_committed_is_gone_and_the_connection_clean(
    central: CentralDatabase, keychain: Keychain, hospital: Hospital
) -> None:
    with router_on(central, keychain, limits=RouterLimits(budget=1)) as router:
        with router.unit_of_work(hospital.tenant) as uow:
            uow.session.execute(text("INSERT INTO departments (code, name) VALUES ('NOI', 'Khoa Nội')"))
        with router.unit_of_work(hospital.tenant) as uow:
            assert uow.session.execute(text("SELECT count(*) FROM departments")).scalar_one() == 0
        assert router.budget.open == 1


def test_a_suspended_hospital_is_refused_and_its_connections_close(
    central: CentralDatabase, keychain: Keychain, two_hospitals: Pair, redis: Redis, redis_url: str
) -> None:
    one, other = two_hospitals
    announcer = RedisRouteAnnouncer(HelpfulRedis(redis))
    now = [0.0]
    with router_on(central, keychain, redis_url=redis_url, monotonic=lambda: now[0]) as router:
        fingerprint(router, one.tenant)
        with central.database(roles.CONSOLE).unit_of_work() as uow:
            suspend(uow=uow, tenant=one.tenant, announcer=announcer)
            uow.commit()
        now[0] += 5.1
        with pytest.raises(HospitalSuspended):
            fingerprint(router, one.tenant)
        assert router.budget.open == 0
        assert fingerprint(router, other.tenant) == other.tenant
        with central.database(roles.CONSOLE).unit_of_work() as uow:
            resume(uow=uow, tenant=one.tenant, announcer=announcer)
            uow.commit()
        now[0] += 5.1
        assert fingerprint(router, one.tenant) == one.tenant


def test_a_suspension_holds_within_ten_seconds_without_redis_and_without_the_message(
    central: CentralDatabase, keychain: Keychain, hospital: Hospital
) -> None:
    now = [0.0]
    with router_on(central, keychain, monotonic=lambda: now[0]) as router:
        fingerprint(router, hospital.tenant)
        with central.superuser() as connection:
            connection.execute("UPDATE tenants SET status = 'suspended' WHERE id = %s", (hospital.tenant,))
        now[0] += 10
        with pytest.raises(HospitalSuspended):
            fingerprint(router, hospital.tenant)


def test_a_database_with_another_fingerprint_is_refused_before_anything_is_read(
    central: CentralDatabase, keychain: Keychain, two_hospitals: Pair
) -> None:
    one, other = two_hospitals
    with one.superuser() as connection:
        connection.execute("UPDATE hospital_identity SET tenant_id = %s", (other.tenant,))
    with router_on(central, keychain) as router:
        with pytest.raises(HospitalMismatch):
            fingerprint(router, one.tenant)
        assert router.budget.open == 0
        assert fingerprint(router, other.tenant) == other.tenant
    assert ("hospital_fingerprint_mismatch", one.tenant) in critical_events(central)


def test_credentials_exchanged_between_two_hospitals_do_not_open(
    central: CentralDatabase, keychain: Keychain, two_hospitals: Pair
) -> None:
    """Somebody with the registry in hand points one hospital's row at the other's database."""
    one, other = two_hospitals
    columns = (
        "database_host, database_port, database_name, database_username, database_password_encrypted, encryption_key_id"
    )
    with central.superuser() as connection:
        connection.execute(
            f"UPDATE tenant_credentials t SET ({columns}) = (SELECT {columns} FROM tenant_credentials"  # noqa: S608 - constants
            " WHERE tenant_id = %s AND purpose = 'app') WHERE tenant_id = %s AND purpose = 'app'",
            (other.tenant, one.tenant),
        )
    with router_on(central, keychain) as router, pytest.raises(HospitalMismatch):
        fingerprint(router, one.tenant)
    assert ("credential_refused", one.tenant) in critical_events(central)


def test_an_edited_host_gets_no_password(
    central: CentralDatabase, keychain: Keychain, hospital: Hospital, unused_tcp_listener: Any
) -> None:
    with central.superuser() as connection:
        connection.execute(
            "UPDATE tenant_credentials SET database_port = %s WHERE tenant_id = %s",
            (unused_tcp_listener.getsockname()[1], hospital.tenant),
        )
    with router_on(central, keychain) as router, pytest.raises(HospitalMismatch):
        fingerprint(router, hospital.tenant)
    unused_tcp_listener.setblocking(False)
    with pytest.raises(BlockingIOError):
        unused_tcp_listener.accept()
    assert critical_events(central) == [("credential_refused", hospital.tenant)]


def test_a_lost_idle_connection_is_replaced_without_an_error(
    central: CentralDatabase, keychain: Keychain, hospital: Hospital
) -> None:
    with router_on(central, keychain) as router:
        fingerprint(router, hospital.tenant)
        with hospital.superuser() as connection:
            ended = connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'sokham-app'"
                " AND datname = current_database()"
            ).fetchall()
        assert ended == [(True,)]
        assert fingerprint(router, hospital.tenant) == hospital.tenant
        assert router.budget.open == 1


def test_a_new_password_is_used_and_the_old_connections_are_not(
    central: CentralDatabase, keychain: Keychain, hospital: Hospital
) -> None:
    now = [0.0]
    with router_on(central, keychain, monotonic=lambda: now[0]) as router:
        with router.unit_of_work(hospital.tenant) as uow:
            before = uow.session.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with central.superuser() as connection:
            connection.execute("UPDATE tenants SET display_name = 'Tên mới' WHERE id = %s", (hospital.tenant,))
        now[0] += 5.1
        with router.unit_of_work(hospital.tenant) as uow:
            assert uow.session.execute(text("SELECT pg_backend_pid()")).scalar_one() != before


def test_the_cache_forgets_an_older_version_that_is_written_late(
    central: CentralDatabase, keychain: Keychain, hospital: Hospital, redis: Redis, redis_url: str
) -> None:
    with router_on(central, keychain, redis_url=redis_url) as early:
        old = early.route(hospital.tenant)
        with central.superuser() as connection:
            connection.execute("UPDATE tenants SET status = 'suspended' WHERE id = %s", (hospital.tenant,))
            version = connection.execute(
                "SELECT route_version FROM tenants WHERE id = %s", (hospital.tenant,)
            ).fetchone()
        assert version is not None
        RedisRouteAnnouncer(HelpfulRedis(redis)).announce(hospital.tenant, version[0])
        # A reader that asked central before the change, and writes only now.
        early.lookup._shared.keep(f"sokham:route:app:t:{hospital.tenant}", old)
        with router_on(central, keychain, redis_url=redis_url) as late, pytest.raises(HospitalSuspended):
            late.route(hospital.tenant)


def test_nothing_in_redis_is_a_password_or_under_a_key_without_its_hospital(
    central: CentralDatabase, keychain: Keychain, two_hospitals: Pair, redis: Redis, redis_url: str
) -> None:
    with router_on(central, keychain, redis_url=redis_url) as router:
        for hospital in two_hospitals:
            fingerprint(router, hospital.tenant)
    keys = sorted(key.decode() for key in redis.scan_iter())
    assert len(keys) == 4
    for hospital in two_hospitals:
        held = [key for key in keys if str(hospital.tenant) in key]
        assert len(held) == 2
        password = hospital.parameters()["password"]
        for key in held:
            value = redis.get(key)
            assert isinstance(value, bytes)
            assert password.encode() not in value


def test_the_budget_holds_on_the_server_too(central: CentralDatabase, keychain: Keychain, hospitals: Any) -> None:
    from concurrent.futures import ThreadPoolExecutor

    made = [hospitals.make(name=f"Bệnh viện {number}") for number in range(5)]
    budget, seen = 3, []
    count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sokham-app' AND datname = ANY(%s)"
    names = [hospital.database_name for hospital in made]
    with (
        router_on(central, keychain, limits=RouterLimits(budget=budget, share=2, wait_seconds=30)) as router,
        central.superuser() as watcher,
        ThreadPoolExecutor(8) as pool,
    ):
        work = [pool.submit(fingerprint, router, made[number % 5].tenant) for number in range(200)]
        while not all(each.done() for each in work):
            row = watcher.execute(count, (names,)).fetchone()
            assert row is not None
            seen.append(row[0])
        assert [each.result() for each in work] == [made[number % 5].tenant for number in range(200)]
        assert router.budget.open <= budget
    assert max(seen) <= budget
    wait_until(lambda: psycopg_count(central, names) == 0)


def psycopg_count(central: CentralDatabase, names: list[str]) -> int:
    """Connections of the application's role that the server still has."""
    with central.superuser() as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sokham-app' AND datname = ANY(%s)",
            (names,),
        ).fetchone()
    assert isinstance(connection, psycopg.Connection)
    assert row is not None
    return int(row[0])
