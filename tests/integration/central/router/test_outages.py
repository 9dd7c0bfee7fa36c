"""What the sweep says of hospitals that do not answer, as other processes read it."""

from uuid import uuid4

import pytest

from central.router.outages import HOLDS_SECONDS
from central.router.public import RedisOutages
from kernel.ids import TenantId
from kernel.redis_client import HelpfulRedis, connect

pytestmark = pytest.mark.usefixtures("redis")


def test_it_is_known_everywhere_until_the_hospital_answers(redis_url: str) -> None:
    worker, portal = (RedisOutages(HelpfulRedis(connect(redis_url))) for _ in range(2))
    here, there = TenantId.parse(uuid4()), TenantId.parse(uuid4())
    assert portal.known() == ()
    for tenant in (here, there, here):
        worker.away(tenant)
    assert set(portal.known()) == {here, there}
    worker.answers(here)
    assert portal.known() == (there,)


def test_what_nobody_says_again_ends(redis_url: str) -> None:
    now = [1_000_000.0]
    outages = RedisOutages(HelpfulRedis(connect(redis_url)), clock=lambda: now[0])
    first, second = TenantId.parse(uuid4()), TenantId.parse(uuid4())
    outages.away(first)
    now[0] += HOLDS_SECONDS / 2
    outages.away(second)
    assert set(outages.known()) == {first, second}
    now[0] += HOLDS_SECONDS / 2 + 1
    assert outages.known() == (second,)


@pytest.mark.parametrize("redis", [None, HelpfulRedis(connect("redis://127.0.0.1:1"))])
def test_without_redis_none_is_known(redis: HelpfulRedis | None) -> None:
    outages = RedisOutages(redis)
    outages.away(TenantId.parse(uuid4()))
    outages.answers(TenantId.parse(uuid4()))
    assert outages.known() == ()
