"""Central over HTTP: signed, timed out, and no surprises: an answer is a status and a body, or no answer."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

import requests
from requests.adapters import HTTPAdapter

from central.sync.public import AUDIENCE
from kernel.clock import Clock, utc_now
from kernel.telemetry.logs import get_logger
from kernel.telemetry.metrics import Histogram
from keys.public import BodySigner, SigningKey

log = get_logger(__name__)

SECONDS = Histogram("sokham_sync_request_seconds", "Time until central answered", ["call"])

CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 30.0
SKEW_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What central said; `status` is None when it said nothing."""

    status: int | None
    body: bytes = b""
    retry_after: int | None = None


class CentralClient:
    """Calls central as one hospital or another; safe to share between threads."""

    def __init__(
        self,
        *,
        base_url: str,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        clock: Clock = utc_now,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._timeout = (connect_seconds, read_seconds)
        self._clock = clock
        self._idle: deque[requests.Session] = deque()

    def push(self, *, key: SigningKey, body: bytes) -> Answer:
        """POST a batch."""
        return self._call("POST", "/api/v1/sync/batches", key=key, body=body)

    def changes(self, *, key: SigningKey, cursor: str | None) -> Answer:
        """GET the changes after a cursor."""
        return self._call("GET", "/api/v1/sync/changes", key=key, cursor=cursor)

    def _call(self, method: str, path: str, *, key: SigningKey, body: bytes = b"", cursor: str | None = None) -> Answer:
        token = BodySigner(key=key, clock=self._clock).sign(body, audience=AUDIENCE)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        try:
            with SECONDS.labels(path.rpartition("/")[2]).time(), self._session() as session:
                response = session.request(
                    method,
                    self._base + path,
                    params={"cursor": cursor} if cursor else None,
                    data=body or None,
                    headers=headers,
                    timeout=self._timeout,
                    allow_redirects=False,
                )
        except requests.RequestException as error:
            log.info("sync.central_away", error=type(error).__name__)
            return Answer(None)
        if response.status_code == requests.codes.unauthorized:
            self._look_for_skew(response)
        return Answer(response.status_code, response.content, _seconds(response.headers.get("Retry-After")))

    @contextmanager
    def _session(self) -> Iterator[requests.Session]:
        """A session for one call at a time: requests' are not made to be shared. The next call goes on with it."""
        try:
            session = self._idle.pop()
        except IndexError:
            session = requests.Session()
            # Proxies and .netrc of the environment have no say here, and it is we who retry.
            session.trust_env = False
            for scheme in ("http://", "https://"):
                session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0))
        try:
            yield session
        finally:
            self._idle.append(session)

    def _look_for_skew(self, response: requests.Response) -> None:
        """A refused token is most often a clock: say so, for the one who has to set it."""
        try:
            theirs = parsedate_to_datetime(response.headers.get("Date", ""))
        except ValueError:
            return
        skew = (self._clock() - theirs).total_seconds()
        if abs(skew) > SKEW_SECONDS:
            log.warning("sync.clock_skew", seconds=round(skew))


def _seconds(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else None
