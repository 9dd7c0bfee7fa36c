"""Vault (or OpenBao) Transit as key source: KEKs that never leave it.

Each scope is a derived key `sokham-<scope>`; the context that derives from it holds scope and tenant, so a data key
wrapped for one hospital does not unwrap for another. What a process may do is held by the policies in
`keys/vault_policies/`, and by the process's own KeyPolicy before a request is made.
"""

import base64
import binascii
import ipaddress
import os
import re
import threading
import time
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import urlsplit

import hvac
import stamina

from kernel.ids import TenantId
from keys import scopes
from keys.encoding import encode
from keys.errors import KeyRefused, KeySourceUnavailable
from keys.policy import EVERYTHING, KeyPolicy
from keys.provider import DATA_KEY_BYTES, NewDataKey, Rewrapped
from keys.vault_session import Json, VaultAuth, VaultSession

KEY_PREFIX: Final = "sokham-"
MOUNT: Final = "transit"

_WRAPPED: Final = re.compile(r"vault:v([1-9][0-9]{0,8}):[A-Za-z0-9+/=]{1,4096}")
_ATTEMPTS: Final = 3


def key_name(scope: str) -> str:
    """The name of a scope's Transit key."""
    return KEY_PREFIX + scope


class VaultTransitKeys:
    """A KeyProvider on Vault's Transit engine. Safe to share between threads; connects anew after a fork."""

    def __init__(
        self,
        *,
        url: str,
        auth: VaultAuth,
        policy: KeyPolicy = EVERYTHING,
        mount: str = MOUNT,
        namespace: str | None = None,
        verify: bool | str = True,
        timeout: tuple[float, float] = (1.0, 3.0),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Set up without asking Vault anything; `check` signs in.

        `timeout` is (connect, read) in seconds for one request; at most three are made, so a caller waits some 15 s at
        most. `verify` is a CA bundle's path, or True for the system's. Raises ValueError for an address without TLS off
        loopback.
        """
        _require_safe(url, verify=verify)
        self._policy = policy
        self._mount = mount
        self._open: Callable[[], VaultSession] = lambda: VaultSession(
            url=url, auth=auth, namespace=namespace, verify=verify, timeout=timeout, monotonic=monotonic
        )
        self._lock = threading.Lock()
        self._session = self._open()
        self._pid = os.getpid()

    @property
    def policy(self) -> KeyPolicy:
        """What this process may do."""
        return self._policy

    def new_data_key(self, *, scope: str, tenant: TenantId | None) -> NewDataKey:
        """Make a data key; see KeyProvider."""
        self._policy.require_wrap(scope)
        data = self._call(
            lambda client: client.secrets.transit.generate_data_key(
                name=key_name(scope),
                key_type="plaintext",
                context=_context(scope, tenant),
                bits=DATA_KEY_BYTES * 8,
                mount_point=self._mount,
            )
        )
        wrapped = _text(data, "ciphertext")
        return NewDataKey(plaintext=_plaintext(data), wrapped=wrapped, kek_version=_version_of(wrapped))

    def unwrap(self, *, scope: str, tenant: TenantId | None, wrapped: str) -> bytes:
        """Open a data key; see KeyProvider."""
        self._policy.require_unwrap(scope)
        _version_of(wrapped)
        return _plaintext(
            self._call(
                lambda client: client.secrets.transit.decrypt_data(
                    name=key_name(scope),
                    ciphertext=wrapped,
                    context=_context(scope, tenant),
                    mount_point=self._mount,
                )
            )
        )

    def rewrap(self, *, scope: str, tenant: TenantId | None, wrapped: str) -> Rewrapped:
        """Wrap under the newest KEK; Vault does it without showing the key. See KeyProvider."""
        self._policy.require_manage(scope)
        _version_of(wrapped)
        data = self._call(
            lambda client: client.secrets.transit.rewrap_data(
                name=key_name(scope),
                ciphertext=wrapped,
                context=_context(scope, tenant),
                mount_point=self._mount,
            )
        )
        fresh = _text(data, "ciphertext")
        return Rewrapped(wrapped=fresh, kek_version=_version_of(fresh))

    def current_version(self, *, scope: str) -> int:
        """The newest KEK version; see KeyProvider."""
        self._policy.require_any(scope)
        return self._latest(scope)

    def rotate(self, *, scope: str) -> int:
        """Add a KEK version; see KeyProvider. Vault may have rotated although this raises KeySourceUnavailable."""
        self._policy.require_manage(scope)
        self._session_here().call(
            lambda client: client.secrets.transit.rotate_key(name=key_name(scope), mount_point=self._mount)
        )
        return self._latest(scope)

    def ensure_scopes(self, names: Iterable[str]) -> list[str]:
        """Make the Transit keys that are missing: derived, not exportable. See KeyProvider."""
        wanted = sorted(set(names))
        if not set(wanted) <= scopes.ALL:
            raise KeyRefused("a scope that does not exist")
        for scope in wanted:
            self._policy.require_manage(scope)
        made = []
        for scope in wanted:
            if self._exists(scope):
                continue
            self._create(key_name(scope))
            made.append(scope)
        return made

    def _create(self, name: str) -> None:
        self._call(
            lambda client: client.secrets.transit.create_key(
                name=name,
                key_type="aes256-gcm96",
                derived=True,
                exportable=False,
                allow_plaintext_backup=False,
                mount_point=self._mount,
            )
        )

    def check(self) -> None:
        """Return when Vault is unsealed and knows this process's token; see KeyProvider. Asks once, without retries."""
        self._session_here().call(lambda client: client.auth.token.lookup_self())

    def close(self) -> None:
        """Give back the connections; see KeyProvider."""
        self._session.close()

    def __repr__(self) -> str:
        return "<VaultTransitKeys>"

    def _call(self, operation: Callable[[hvac.Client], object]) -> Json:
        """Run a request that may be repeated: short, with jitter, and only where the source was away."""
        for attempt in stamina.retry_context(
            on=KeySourceUnavailable,
            attempts=_ATTEMPTS,
            timeout=10.0,
            wait_initial=0.05,
            wait_max=0.5,
            wait_jitter=0.1,
        ):
            with attempt:
                return self._session_here().call(operation)
        raise KeySourceUnavailable("Vault does not answer")

    def _latest(self, scope: str) -> int:
        data = self._call(lambda client: client.secrets.transit.read_key(key_name(scope), mount_point=self._mount))
        try:
            return int(data["latest_version"])
        except (KeyError, TypeError, ValueError):
            raise KeySourceUnavailable("Vault gave no answer that can be read") from None

    def _exists(self, scope: str) -> bool:
        listed = self._call(lambda client: _listed(client, self._mount))
        return key_name(scope) in listed.get("keys", ())

    def _session_here(self) -> VaultSession:
        """This process's session: sockets shared with a parent would mix up the answers of two processes."""
        if self._pid != os.getpid():
            with self._lock:
                if self._pid != os.getpid():
                    self._session = self._open()
                    self._pid = os.getpid()
        return self._session


def _listed(client: hvac.Client, mount: str) -> object:
    try:
        return client.secrets.transit.list_keys(mount_point=mount)
    except hvac.exceptions.InvalidPath:
        # Vault's answer to a list of nothing.
        return {"data": {"keys": []}}


def _context(scope: str, tenant: TenantId | None) -> str:
    value = encode("sokham/kek/1", scope, None if tenant is None else tenant.bytes)
    return base64.b64encode(value).decode("ascii")


def _version_of(wrapped: str) -> int:
    found = _WRAPPED.fullmatch(wrapped)
    if found is None:
        raise KeyRefused("not a data key wrapped by Vault")
    return int(found.group(1))


def _plaintext(data: Json) -> bytes:
    try:
        value = binascii.a2b_base64(_text(data, "plaintext"))
    except ValueError:
        value = b""
    if len(value) != DATA_KEY_BYTES:
        raise KeyRefused("Vault gave a data key of another length")
    return value


def _text(data: Json, name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str):
        raise KeySourceUnavailable("Vault gave no answer that can be read")
    return value


def _require_safe(url: str, *, verify: bool | str) -> None:
    address = urlsplit(url)
    if address.scheme == "https" and verify is not False:
        return
    host = address.hostname or ""
    if address.scheme not in ("http", "https") or not _is_loopback(host):
        raise ValueError("Vault is reached by https with a verified certificate, or on loopback")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
