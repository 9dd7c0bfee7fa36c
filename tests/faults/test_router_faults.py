"""Central, Redis, the key source or a hospital goes away: everybody else goes on."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from central import roles
from central.provisioning.server import HospitalServer
from central.router.public import (
    HospitalBusy,
    HospitalUnavailable,
    RouterLimits,
    RoutesUnavailable,
    TenantRouter,
)
from kernel.ids import TenantId
from keys.public import Keychain, KeySourceUnavailable, LocalKeyring
from tests.support.databases import CentralDatabase, hospital_server
from tests.support.hospitals import Hospital, HospitalMaker
from tests.support.proxy import Proxy, proxy_to
from tests.support.routers import router_on

Pair = tuple[Hospital, Hospital]
REFUSED_PORT = 1


def fingerprint(router: TenantRouter, tenant: TenantId) -> Any:
    """The hospital whose database a transaction for `tenant` is on."""
    with router.unit_of_work(tenant) as uow:
        return uow.session.execute(text("SELECT tenant_id FROM hospital_identity")).scalar_one()


def test_hospitals_go_on_while_central_is_away_and_strangers_wait(
    central: CentralDatabase, keychain: Keychain, two_hospitals: Pair
) -> None:
    one, other = two_hospitals
    now = [0.0]
    place = central.parameters(roles.ROUTE)
    with proxy_to(place["host"], place["port"]) as proxy:
        parameters = {**place, "port": proxy.port}
        with router_on(central, keychain, parameters=parameters, monotonic=lambda: now[0]) as router:
            fingerprint(router, one.tenant)
            proxy.close()
            router._reader.close()
            now[0] += 3600
            assert fingerprint(router, one.tenant) == one.tenant
            with pytest.raises(RoutesUnavailable):
                fingerprint(router, other.tenant)
            now[0] += 24 * 3600
            with pytest.raises(RoutesUnavailable):
                fingerprint(router, one.tenant)


def test_a_cold_process_finds_its_way_by_redis_while_central_is_away(
    central: CentralDatabase, keychain: Keychain, hospital: Hospital, redis: object, redis_url: str
) -> None:
    with router_on(central, keychain, redis_url=redis_url) as warm:
        fingerprint(warm, hospital.tenant)
    away = {**central.parameters(roles.ROUTE), "port": REFUSED_PORT}
    with router_on(central, keychain, redis_url=redis_url, parameters=away) as cold:
        assert fingerprint(cold, hospital.tenant) == hospital.tenant


def test_redis_away_costs_nothing_but_the_short_cut(
    central: CentralDatabase, keychain: Keychain, two_hospitals: Pair
) -> None:
    with router_on(central, keychain, redis_url=f"redis://127.0.0.1:{REFUSED_PORT}/0") as router:
        for hospital in two_hospitals:
            assert fingerprint(router, hospital.tenant) == hospital.tenant


def test_a_running_process_goes_on_without_its_key_source(
    central: CentralDatabase, keys: LocalKeyring, hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    keychain = Keychain(keys)
    with router_on(central, keychain) as router:
        fingerprint(router, hospital.tenant)
        router.budget.close()

        def away(**_ignored: object) -> bytes:
            raise KeySourceUnavailable

        monkeypatch.setattr(keys, "unwrap", away)
        # A new connection needs the password, and the key that opens it is still held.
        assert fingerprint(router, hospital.tenant) == hospital.tenant
        with router_on(central, Keychain(keys)) as cold, pytest.raises(KeySourceUnavailable):
            fingerprint(cold, hospital.tenant)


def behind(maker: HospitalMaker, proxy: Proxy) -> Hospital:
    """A hospital whose applications go through `proxy`."""
    real = hospital_server(maker.central.servers)
    server = HospitalServer(
        host="127.0.0.1",
        port=proxy.port,
        direct_host=real.direct_host,
        direct_port=real.direct_port,
        provisioner_password=real.provisioner_password,
    )
    return maker.make(name="Bệnh viện sau tường lửa", server=server)


def test_a_swallowed_hospital_ends_its_own_requests_and_nobody_elses(
    central: CentralDatabase, keychain: Keychain, hospitals: HospitalMaker
) -> None:
    postgres = central.servers.postgres
    limits = RouterLimits(
        budget=4, share=2, wait_seconds=0.3, connect_seconds=2, statement_ms=60_000, lease_seconds=0.5
    )
    with proxy_to(postgres.host, postgres.port) as proxy:
        lost, well = behind(hospitals, proxy), hospitals.make(name="Bệnh viện khác")
        with router_on(central, keychain, limits=limits) as router, ThreadPoolExecutor(8) as pool:
            fingerprint(router, lost.tenant)
            proxy.swallow()
            started = time.monotonic()
            stuck = [pool.submit(fingerprint, router, lost.tenant) for _ in range(6)]
            for _ in range(50):
                assert fingerprint(router, well.tenant) == well.tenant
            for each in stuck:
                with pytest.raises((HospitalUnavailable, HospitalBusy, OperationalError)):
                    each.result(30)
            assert time.monotonic() - started < 10
            assert router.budget.in_use(lost.tenant) == 0
            # By now the breaker is open: the next one is refused at once, and told when to come back.
            for _ in range(4):
                with pytest.raises(HospitalUnavailable) as refused:
                    fingerprint(router, lost.tenant)
            assert refused.value.retry_after is not None
            assert refused.value.retry_after >= 1


def test_a_hospital_whose_server_is_gone_answers_503_and_comes_back(
    central: CentralDatabase, keychain: Keychain, hospitals: HospitalMaker
) -> None:
    postgres = central.servers.postgres
    limits = RouterLimits(budget=2, wait_seconds=0.3, connect_seconds=2)
    with proxy_to(postgres.host, postgres.port) as proxy:
        hospital = behind(hospitals, proxy)
        with hospital.superuser() as admin:
            name = hospital.database_name
            with router_on(central, keychain, limits=limits) as router:
                fingerprint(router, hospital.tenant)
                admin.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT 0')
                router.budget.close()
                with pytest.raises(HospitalUnavailable):
                    fingerprint(router, hospital.tenant)
                assert router.budget.open == 0
                admin.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT -1')
                assert fingerprint(router, hospital.tenant) == hospital.tenant
