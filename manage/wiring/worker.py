"""The sync worker."""

from collections.abc import Iterator
from contextlib import contextmanager

from central.router.public import HospitalUnknown, RedisOutages, TenantRouter
from central.sync.public import RedisBellListener
from kernel.ids import TenantId, parse_tenant_code
from kernel.redis_client import HelpfulRedis, connect
from kernel.settings import Settings
from manage.errors import CommandFailed
from manage.wiring.hospitals import routing
from sync_worker.client import CentralClient
from sync_worker.hospital import Pace
from sync_worker.runner import Schedule, Worker
from sync_worker.sealing import Sealer

# Longer than the bell's own wait, so that a quiet hospital is no time-out.
_BELL_ANSWER_SECONDS = 5.0


@contextmanager
def sync_worker(settings: Settings, *, only: str | None = None) -> Iterator[Worker]:
    """A worker for every hospital, or for one (its code). Raises HospitalUnknown, CommandFailed, and as `routing`."""
    routed = routing(settings, process="sync_worker", purpose="sync", with_index=True)
    if routed.blind_index is None:
        raise CommandFailed("There is no blind index key: run `sokham up` or `sokham setup` first.")
    bell = None
    if settings.redis_url:
        client = connect(settings.redis_url, password=settings.redis_password, answer_seconds=_BELL_ANSWER_SECONDS)
        bell = RedisBellListener(HelpfulRedis(client))
    try:
        yield Worker(
            hospitals=routed.router,
            client=CentralClient(base_url=settings.central_url),
            sealer=Sealer(keychain=routed.keychain, keys=routed.reader, blind_index=routed.blind_index),
            keychain=routed.keychain,
            bell=bell,
            outages=RedisOutages(routed.redis),
            pace=Pace(batch=settings.sync_batch, lease_seconds=settings.sync_lease_seconds),
            schedule=Schedule(sweep_seconds=settings.sync_sweep_seconds),
            only=None if only is None else frozenset({_tenant(routed.router, only)}),
        )
    finally:
        routed.router.close()


def _tenant(router: TenantRouter, code: str) -> TenantId:
    wanted = parse_tenant_code(code)
    for known in router.tenants():
        if known.tenant_code == wanted:
            return TenantId.parse(known.tenant_id)
    raise HospitalUnknown
