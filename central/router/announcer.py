"""Says at once that a hospital's route changed. Without it the change arrives by itself within ten seconds."""

from central.registry.public import CREDENTIAL_PURPOSES
from central.router.lookup import STALE_SECONDS, tenant_key
from kernel.ids import TenantId
from kernel.redis_client import HelpfulRedis

# Leaves `version|` without a value: readers ask central, and a reader's late write of an older version loses.
_MARK = """
for i = 1, #KEYS do
  local held = redis.call('GET', KEYS[i])
  if not held or tonumber(string.match(held, '^(%d+)|')) < tonumber(ARGV[1]) then
    redis.call('SET', KEYS[i], ARGV[1] .. '|', 'EX', ARGV[2])
  end
end
return #KEYS
"""


class RedisRouteAnnouncer:
    """Implements central.registry's RouteAnnouncer over the router's shared cache."""

    def __init__(self, redis: HelpfulRedis) -> None:
        self._redis = redis
        self._script = redis.client.register_script(_MARK)

    def announce(self, tenant: TenantId, route_version: int) -> None:
        """Void every older copy of the hospital's routes; lost without harm when Redis is away."""
        keys = [f"{tenant_key(purpose, tenant)}:{copy}" for purpose in CREDENTIAL_PURPOSES for copy in ("f", "s")]
        self._redis.ask(lambda client: self._script(keys, [route_version, int(STALE_SECONDS)], client=client))
