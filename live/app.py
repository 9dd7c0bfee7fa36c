"""The live process as gunicorn gets it: the door, the sockets behind it, and three addresses for the machine."""

from collections.abc import Callable, Mapping
from http import HTTPStatus

from flask import Flask, Response, jsonify
from redis import Redis
from werkzeug.exceptions import HTTPException

from central.auth.public import Gate, SessionRules
from central.router.public import TenantRouter
from kernel.errors import SokhamError, Unauthenticated
from kernel.redis_client import HelpfulRedis
from kernel.settings import Settings
from kernel.telemetry.logs import get_logger
from kernel.web import access, headers, health, proxies, requests
from kernel.web.actor import Actor
from kernel.web.health import Check
from live.door import Door, Limits
from live.hub import CONFIRMED_SECONDS, Hub
from live.reader import Reader
from live.sockets import Conversation, SocketIoSockets
from live.watch import LOOK_SECONDS, Watch

log = get_logger(__name__)


class LiveProcess:
    """All parts put together: `app` is served, `start` begins the reading and the looks, `stop` ends them."""

    def __init__(
        self,
        settings: Settings,
        *,
        router: TenantRouter,
        gate: Gate,
        rules: SessionRules,
        open_redis: Callable[[], Redis] | None,
        helpful: HelpfulRedis | None,
        checks: Mapping[str, Check],
        limits: Limits | None = None,
        look_seconds: float = LOOK_SECONDS,
        confirmed_seconds: float = CONFIRMED_SECONDS,
    ) -> None:
        self._router = router
        self.app = _bare_app(settings, checks={"central": router.check, **checks})
        sockets = SocketIoSockets()
        self.hub = Hub(sockets, confirmed_seconds=confirmed_seconds)
        self.reader = Reader(self.hub, open_redis=open_redis, helpful=helpful)
        sockets.attach(self.app)
        self.door = Door(
            self.app.wsgi_app,
            gate=gate,
            router=router,
            rules=rules,
            staff_url=settings.staff_url,
            limits=limits or Limits(in_all=settings.live_connections),
        )
        self.app.wsgi_app = proxies.trust(self.door, hops=settings.trusted_proxies)  # type: ignore[assignment, method-assign]  # Flask's documented way to add middleware
        self.watch = Watch(hub=self.hub, door=self.door, router=router, rules=rules, look_seconds=look_seconds)
        Conversation(sockets, hub=self.hub, door=self.door, reader=self.reader)
        self.app.extensions["live"] = self

    def start(self) -> None:
        """Begin; returns at once."""
        self.reader.start()
        self.watch.start()

    def stop(self) -> None:
        """Hang up on everybody and end. Browsers come again, each after a time of its own."""
        self.door.close()
        self.reader.stop()
        self.watch.stop()
        self._router.close()


class _Nobody:
    """Every address here is public: those behind a session are the sockets', which the door keeps."""

    def admit(self, access: access.Access) -> Actor:
        del access
        raise Unauthenticated


def _bare_app(settings: Settings, *, checks: Mapping[str, Check]) -> Flask:
    app = Flask("live", static_folder=None)
    requests.install(app, portal="live")
    headers.install(app)
    health.install(app, needed={}, helpful=checks, metrics_from=settings.metrics_from)

    def known(error: SokhamError) -> Response:
        return _problem(error.status, error.code, retry_after=error.retry_after)

    def of_http(error: HTTPException) -> Response:
        status = HTTPStatus(error.code or 500)
        return _problem(status, "not_found" if status == HTTPStatus.NOT_FOUND else "invalid_request")

    app.register_error_handler(SokhamError, known)
    app.register_error_handler(HTTPException, of_http)
    access.enforce(app, _Nobody())
    access.refuse_undeclared(app)
    return app


def _problem(status: int, code: str, *, retry_after: int | None = None) -> Response:
    response = jsonify(
        type=f"urn:sokham:problem:{code}", title=HTTPStatus(status).phrase, status=int(status), code=code
    )
    response.status_code = int(status)
    response.content_type = "application/problem+json"
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response
