"""Live updates."""

from redis import Redis

from central.auth.public import gate_for
from kernel.redis_client import connect
from kernel.settings import Settings
from keys.public import jwks
from live.app import LiveProcess
from manage.wiring.hospitals import routing
from manage.wiring.portals import session_rules
from tenant_app.auth.public import AUDIENCE, ISSUER


def live_process(settings: Settings) -> LiveProcess:
    """Live updates for staff. It verifies their tokens and can make none."""
    routed = routing(settings, process="live", purpose="app")
    public_keys = jwks(row["public_jwk"] for row in routed.reader.signing_keys(ISSUER))
    return LiveProcess(
        settings,
        router=routed.router,
        gate=gate_for(
            portal=AUDIENCE, issuer=ISSUER, keys=public_keys, required=("tenant",), secure=settings.secure_cookies
        ),
        rules=session_rules(settings),
        open_redis=(lambda: stream_reader(settings)) if settings.redis_url else None,
        helpful=routed.redis,
        checks=routed.checks,
    )


def stream_reader(settings: Settings) -> Redis:
    """A client on one connection, which says so when that breaks, and waits longer than a blocking read takes.

    Raises what Redis raises when it is away.
    """
    return connect(settings.redis_url, password=settings.redis_password, answer_seconds=2.0, one_connection=True)
