"""The door: before a connection becomes a websocket, it is known whose it is and that there is room for it.

Browsers send cookies along with a websocket from any page, so the page's origin must be the staff portal's own. The
token in the cookie names hospital and session; the row in that hospital's database decides, as for every page.
"""

import threading
import time
from collections import Counter as Count
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from werkzeug.http import parse_cookie

from central.auth.public import Gate, SessionRules
from central.router.public import HospitalSuspended, HospitalUnknown, RoutesUnavailable, TenantRouter
from kernel.clock import utc_now
from kernel.errors import InvalidIdentifier, SokhamError, Unauthenticated
from kernel.ids import TenantId, new_row_id, parse_uuid
from kernel.telemetry.logs import get_logger
from live.figures import REFUSED
from live.guest import Guest
from tenant_app.auth.public import Standing, standings

log = get_logger(__name__)

PATH: Final = "/live/"
GUEST: Final = "sokham.live.guest"
# A person has a few windows; a hospital has some hundred people. One of each cannot use up the process.
MOST_OF_A_SESSION: Final = 12
MOST_OF_A_HOSPITAL: Final = 600
# A browser that comes again and again waits longer each time, so more than this is no browser.
COMINGS_A_MINUTE: Final = 60
# From the opened connection to the first word on it, and from our goodbye to the end of it.
JOIN_SECONDS: Final = 10.0
# Whoever takes longer than this to say it is looked at once more: with the looks at everybody every two seconds, an end
# of the session is felt within five.
FRESH_SECONDS: Final = 2.0
GOODBYE_SECONDS: Final = 2.0

Start = Callable[..., Any]


class Refused(Exception):
    """Not let in: the status to answer, and the reason in one word."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How many windows at once: of a session, of a hospital, in all."""

    of_a_session: int = MOST_OF_A_SESSION
    of_a_hospital: int = MOST_OF_A_HOSPITAL
    in_all: int = 1200


class Door:
    """WSGI around the sockets: refuses with a status, or puts the guest into the environment and lets in."""

    def __init__(
        self,
        inside: Callable[..., Iterable[bytes]],
        *,
        gate: Gate,
        router: TenantRouter,
        rules: SessionRules,
        staff_url: str,
        limits: Limits,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inside = inside
        self._gate = gate
        self._router = router
        self._rules = rules
        self._limits = limits
        self._monotonic = monotonic
        self._origin = origin_of(staff_url)
        self._lock = threading.Lock()
        self._windows: Count[object] = Count()
        self._comings: Count[UUID] = Count()
        self._minute = 0
        # Guest → when it is hung up on: those who have not joined yet, and those who left.
        self._deadlines: dict[Guest, float] = {}
        self._guests: set[Guest] = set()
        self._joined: set[Guest] = set()

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Let in, or refuse."""
        if not str(environ.get("PATH_INFO", "")).startswith(PATH):
            return self._inside(environ, start)
        try:
            tenant, session_id = self._known(environ)
            with self._room(tenant, session_id):
                guest = environ[GUEST] = self._admit(environ, tenant, session_id)
                self._guests.add(guest)
                self.expect(guest, within=JOIN_SECONDS)
                try:
                    return self._inside(environ, start)
                finally:
                    self._guests.discard(guest)
                    self._joined.discard(guest)
                    self._deadlines.pop(guest, None)
        except Refused as refused:
            REFUSED.labels(refused.reason).inc()
            log.info("live.refused", reason=refused.reason)
            start(f"{refused.status.value} {refused.status.phrase}", [("Content-Length", "0")])
            return []

    @property
    def inside(self) -> int:
        """How many are in."""
        return len(self._guests)

    def joined(self, guest: Guest) -> bool:
        """The guest has said the first word; False for one who has said it before, or who may hear no more."""
        if guest in self._joined or guest not in self._guests or not self._still(guest):
            return False
        self._joined.add(guest)
        self._deadlines.pop(guest, None)
        return True

    def expect(self, guest: Guest, *, within: float = GOODBYE_SECONDS) -> None:
        """Unless the guest joins, or has gone by itself, within this time, it is hung up on."""
        if guest in self._guests:
            self._deadlines[guest] = self._monotonic() + within

    def hang_up_overdue(self) -> None:
        """Call every second or so."""
        now = self._monotonic()
        for guest, deadline in list(self._deadlines.items()):
            if deadline <= now:
                self._deadlines.pop(guest, None)
                guest.hang_up()

    def close(self) -> None:
        """Hang up on everybody: the process ends, and browsers come again to the next one."""
        for guest in list(self._guests):
            guest.hang_up()

    def _known(self, environ: dict[str, Any]) -> tuple[TenantId, UUID]:
        """Hospital and session that a verified token names, on a page of its own origin."""
        asked = (environ.get("REQUEST_METHOD"), str(environ.get("HTTP_UPGRADE", "")).lower())
        spoken = environ.get("HTTP_SEC_WEBSOCKET_VERSION") == "13" and environ.get("HTTP_SEC_WEBSOCKET_KEY")
        if asked != ("GET", "websocket") or not spoken:
            raise Refused(HTTPStatus.BAD_REQUEST, "no_websocket")
        try:
            claims = self._gate.pages.verify(parse_cookie(environ).get(self._gate.cookie, ""))
            tenant, session_id = TenantId.parse(claims["tenant"]), parse_uuid(claims["sid"], what="session")
        except (Unauthenticated, InvalidIdentifier) as err:
            raise Refused(HTTPStatus.UNAUTHORIZED, "no_session") from err
        if not self._is_ours(environ.get("HTTP_ORIGIN", ""), tenant):
            raise Refused(HTTPStatus.FORBIDDEN, "origin")
        return tenant, session_id

    def _is_ours(self, origin: str, tenant: TenantId) -> bool:
        """Whether the page is the staff portal's: at its common address, or at the hospital's own domain."""
        if origin == self._origin:
            return True
        host = urlsplit(origin).hostname or ""
        scheme = self._origin.partition(":")[0]
        if origin != f"{scheme}://{host}":
            return False
        try:
            return self._router.lookup.by_domain(host).tenant == tenant
        except (HospitalUnknown, RoutesUnavailable):
            return False

    @contextmanager
    def _room(self, tenant: TenantId, session_id: UUID) -> Iterator[None]:
        """A place for as long as the connection lasts."""
        with self._lock:
            minute = int(self._monotonic() // 60)
            if minute != self._minute:
                self._minute, self._comings = minute, Count()
            self._comings[session_id] += 1
            if self._comings[session_id] > COMINGS_A_MINUTE:
                raise Refused(HTTPStatus.TOO_MANY_REQUESTS, "too_often")
            if self._windows[session_id] >= self._limits.of_a_session:
                raise Refused(HTTPStatus.TOO_MANY_REQUESTS, "session_full")
            if self._windows[tenant] >= self._limits.of_a_hospital:
                raise Refused(HTTPStatus.TOO_MANY_REQUESTS, "hospital_full")
            if self._windows[None] >= self._limits.in_all:
                raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "full")
            places = (session_id, tenant, None)
            self._windows.update(places)
        try:
            yield
        finally:
            with self._lock:
                for place in places:
                    self._windows[place] -= 1
                    if not self._windows[place]:
                        del self._windows[place]

    def _admit(self, environ: dict[str, Any], tenant: TenantId, session_id: UUID) -> Guest:
        """The guest, when the session lives."""
        now = self._monotonic()
        code, found = self._look_at(tenant, session_id)
        return Guest(
            id=new_row_id(),
            tenant=tenant,
            tenant_code=code,
            session_id=session_id,
            user_id=found.user_id,
            permissions=found.permissions,
            reach=found.reach,
            admitted_at=now,
            connected_at=utc_now(),
            ip_address=environ.get("REMOTE_ADDR") or None,
            user_agent=str(environ.get("HTTP_USER_AGENT", ""))[:255] or None,
            wire=environ.get("gunicorn.socket") or environ.get("werkzeug.socket"),
        )

    def _still(self, guest: Guest) -> bool:
        """Whether the session lives, which was looked at when the guest came; looks again where that was long ago."""
        now = self._monotonic()
        if now - guest.admitted_at <= FRESH_SECONDS:
            return True
        try:
            _, found = self._look_at(guest.tenant, guest.session_id)
        except Refused as refused:
            REFUSED.labels(refused.reason).inc()
            return False
        guest.admitted_at, guest.permissions, guest.reach = now, found.permissions, found.reach
        return True

    def _look_at(self, tenant: TenantId, session_id: UUID) -> tuple[str, Standing]:
        """The hospital's code, and what the session may. Raises Refused."""
        try:
            route = self._router.route(tenant)
            with self._router.unit_of_work(tenant) as uow:
                found = standings(uow=uow, sessions=[session_id], rules=self._rules).get(session_id)
        except (HospitalSuspended, HospitalUnknown) as err:
            raise Refused(HTTPStatus.FORBIDDEN, "hospital") from err
        except (SokhamError, SQLAlchemyError) as err:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "hospital_away") from err
        if found is None:
            raise Refused(HTTPStatus.UNAUTHORIZED, "session_ended")
        return route.tenant_code, found


def origin_of(address: str) -> str:
    """Scheme, host and port of an address, as a browser says them: no port where it is the scheme's own."""
    parts = urlsplit(address)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in {None, usual} else f":{parts.port}"
    return f"{parts.scheme}://{parts.hostname or ''}{port}"
