"""Signing in to Vault and staying signed in. Tokens live in memory only and stand in no log line and no error."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import hvac
import hvac.exceptions
import requests
import requests.adapters
import structlog

from keys.errors import KeyRefused, KeySourceUnavailable

_log = structlog.get_logger(__name__)

# A lease is renewed when a third of it is left, and replaced by a new sign-in when Vault no longer prolongs it.
_RENEW_AT: Final = 1 / 3
_POOL: Final = 32

_REFUSALS: Final = (
    hvac.exceptions.InvalidRequest,
    hvac.exceptions.Unauthorized,
    hvac.exceptions.Forbidden,
    hvac.exceptions.InvalidPath,
)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TokenAuth:
    """Sign in with a token from outside (an agent's, a test's). When it runs out it cannot be replaced from here."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AppRoleAuth:
    """Sign in with an AppRole; again whenever the lease runs out or the token is revoked."""

    role_id: str
    secret_id: str = field(repr=False)
    mount: str = "approle"


VaultAuth = TokenAuth | AppRoleAuth


@dataclass(frozen=True, slots=True)
class _Lease:
    """`expires_at` by the monotonic clock in seconds, None for a token without end; `ttl` in seconds when new."""

    expires_at: float | None
    ttl: float
    renewable: bool


class VaultSession:
    """One authenticated connection pool to one Vault. Safe to share between threads, not across a fork."""

    def __init__(
        self,
        *,
        url: str,
        auth: VaultAuth,
        namespace: str | None,
        verify: bool | str,
        timeout: tuple[float, float],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._auth = auth
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._lease: _Lease | None = None
        # How long a thread waits for another that is signing in: one request's time-out, not a queue of them.
        self._patience = sum(timeout)
        http = requests.Session()
        # The environment's proxies and .netrc have no business here: the token would travel through them.
        http.trust_env = False
        http.verify = verify
        for scheme in ("http://", "https://"):
            http.mount(scheme, requests.adapters.HTTPAdapter(pool_maxsize=_POOL))
        # An empty token, since hvac would take one from the environment or the home directory in place of None; and no
        # redirects, since requests would carry the token to wherever it is sent.
        token = auth.token if isinstance(auth, TokenAuth) else ""
        self.client = hvac.Client(
            url=url,
            token=token,
            verify=verify,
            timeout=timeout,
            session=http,
            namespace=namespace,
            allow_redirects=False,
        )

    def call(self, operation: Callable[[hvac.Client], object]) -> Json:
        """Run one request as a signed-in client and return the answer's `data`.

        Raises KeySourceUnavailable or KeyRefused. A refusal for which a dead token may be the reason is tried once more
        after a new sign-in, where there is one.
        """
        self._keep_signed_in()
        token = self.client.token
        try:
            return data_of(translated(lambda: operation(self.client)))
        except KeyRefused:
            if not self._replace_dead(token):
                raise
        return data_of(translated(lambda: operation(self.client)))

    def close(self) -> None:
        """Give back the connections."""
        self.client.adapter.close()

    def _keep_signed_in(self) -> None:
        lease = self._lease
        if lease is not None and not self._due(lease):
            return
        # While one thread renews, the others go on with the token that is still good.
        usable = lease is not None and (lease.expires_at is None or self._monotonic() < lease.expires_at)
        if not self._lock.acquire(timeout=0 if usable else self._patience):
            if usable:
                return
            raise KeySourceUnavailable("signing in to Vault takes too long")
        try:
            if self._lease is lease:
                self._prolong(lease)
        except (KeySourceUnavailable, KeyRefused):
            # The token in hand is still good; the next request tries again, and the last one says why.
            if not usable:
                raise
        finally:
            self._lock.release()

    def _due(self, lease: _Lease) -> bool:
        return lease.expires_at is not None and self._monotonic() >= lease.expires_at - lease.ttl * _RENEW_AT

    def _prolong(self, lease: _Lease | None) -> None:
        """Sign in, or renew the lease; the lock is held."""
        if lease is None:
            self._begin()
            return
        if lease.renewable:
            asked_at = self._monotonic()
            try:
                auth = translated(self.client.auth.token.renew_self)["auth"]
            except KeyRefused:
                _log.warning("keys.vault_renewal_refused")
            else:
                granted = float(auth["lease_duration"])
                # Vault shortens what it grants when the token nears its final end; then a new sign-in is due as well.
                if granted > lease.ttl * _RENEW_AT or isinstance(self._auth, TokenAuth):
                    self._lease = _Lease(asked_at + granted, min(lease.ttl, granted), bool(auth["renewable"]))
                    return
        self._begin()

    def _begin(self) -> None:
        asked_at = self._monotonic()
        auth = self._auth
        if isinstance(auth, AppRoleAuth):
            answer = translated(
                lambda: self.client.auth.approle.login(auth.role_id, auth.secret_id, mount_point=auth.mount)
            )["auth"]
            ttl, renewable = float(answer["lease_duration"]), bool(answer["renewable"])
        else:
            found = data_of(translated(self.client.auth.token.lookup_self))
            ttl, renewable = float(found["ttl"]), bool(found.get("renewable"))
            if ttl and not renewable:
                _log.warning("keys.vault_token_will_expire", seconds=int(ttl))
        # A time to live of 0 is Vault's way to say that a token does not end.
        self._lease = _Lease(asked_at + ttl if ttl else None, ttl, renewable)

    def _replace_dead(self, token: str) -> bool:
        """Sign in again if Vault no longer knows `token`; False when it does, or when it cannot be replaced.

        Vault answers 403 both for a token it does not know and for one that may not do this.
        """
        if not isinstance(self._auth, AppRoleAuth):
            return False
        with self._lock:
            if self.client.token != token:
                return True
            try:
                translated(self.client.auth.token.lookup_self)
            except KeyRefused:
                self._begin()
                return True
            return False


def translated(operation: Callable[[], Any]) -> Json:
    """Run a request of hvac; its failures become ours, without addresses, bodies or headers.

    The causes are left out of the chain: a log that shows local variables would show the request with its token.
    """
    try:
        answer = operation()
    except _REFUSALS as err:
        raise KeyRefused(f"Vault refused ({type(err).__name__})") from None
    except hvac.exceptions.InternalServerError as err:
        # Vault 1.5 and 1.6 answer 500 to a ciphertext that does not authenticate (hashicorp/vault issue 10842).
        if "message authentication failed" in str(err.args[:1]):
            raise KeyRefused("Vault refused (message authentication failed)") from None
        raise KeySourceUnavailable("Vault failed (InternalServerError)") from None
    except (hvac.exceptions.VaultError, requests.RequestException) as err:
        raise KeySourceUnavailable(f"Vault does not answer ({type(err).__name__})") from None
    if isinstance(answer, dict):
        return answer
    if isinstance(answer, requests.Response) and answer.status_code == requests.codes.no_content:
        return {}
    # A redirect, or something in between that is no Vault.
    raise KeySourceUnavailable("Vault gave no answer that can be read")


def data_of(answer: Json) -> Json:
    """The `data` of an answer; an answer without any gives an empty one."""
    data = answer.get("data")
    return data if isinstance(data, dict) else {}
