"""The local keyring: KEKs in one file of mode 0600, for one machine or where there is no Vault.

A data key is wrapped as `l1.<KEK version>.<nonce and ciphertext with tag>` by AES-256-GCM; the associated data bind
scope, tenant and version. The file is looked at before each operation and read again when it changed, so every process
uses a new KEK version as soon as one has rotated; while the file is away the source counts as away, whatever is in
memory.
"""

import os
import secrets
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kernel.ids import TenantId
from keys import keyring_file, scopes
from keys.encoding import encode, from_base64url, to_base64url
from keys.errors import KeyRefused
from keys.keyring_file import KEK_BYTES, NONCE_BYTES, SCRYPT_N, Identity, Kdf, Keks
from keys.policy import EVERYTHING, KeyPolicy
from keys.provider import DATA_KEY_BYTES, NewDataKey, Rewrapped

_FORMAT: Final = "l1"


@dataclass(frozen=True, slots=True)
class _Loaded:
    identity: Identity
    kdf: Kdf | None
    master: AESGCM | None
    keks: Keks


class LocalKeyring:
    """A KeyProvider on a keyring file. Safe to share between threads; several processes may use one file."""

    def __init__(self, path: Path, *, policy: KeyPolicy = EVERYTHING, passphrase: str | None = None) -> None:
        """Open an existing keyring.

        Raises KeySourceUnavailable when it is not there, KeyringUnsafe when others may read or change it or it is
        damaged, KeyRefused when the passphrase is missing or wrong.
        """
        self._path = path
        self._policy = policy
        self._passphrase = passphrase
        self._lock = threading.Lock()
        self._loaded = self._load(before=None)

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        scopes: Iterable[str] = scopes.ALL,
        policy: KeyPolicy = EVERYTHING,
        passphrase: str | None = None,
        scrypt_n: int = SCRYPT_N,
    ) -> Self:
        """Make a new keyring file with a first KEK for each scope, and open it.

        Raises FileExistsError when there is one: a keyring is never overwritten, since all data depends on it.
        """
        kdf = None if passphrase is None else Kdf.fresh(n=scrypt_n)
        master = None if kdf is None or passphrase is None else kdf.derive(passphrase)
        stored = {scope: {1: _new_kek(master=master, scope=scope, version=1)} for scope in _known(scopes)}
        keyring_file.write(path, keyring_file.render(kdf, stored), replace=False)
        return cls(path, policy=policy, passphrase=passphrase)

    @property
    def policy(self) -> KeyPolicy:
        """What this process may do."""
        return self._policy

    def new_data_key(self, *, scope: str, tenant: TenantId | None) -> NewDataKey:
        """Make a data key; see KeyProvider."""
        self._policy.require_wrap(scope)
        plaintext = os.urandom(DATA_KEY_BYTES)
        wrapped, version = self._wrap(plaintext, scope=scope, tenant=tenant)
        return NewDataKey(plaintext=plaintext, wrapped=wrapped, kek_version=version)

    def unwrap(self, *, scope: str, tenant: TenantId | None, wrapped: str) -> bytes:
        """Open a data key; see KeyProvider."""
        self._policy.require_unwrap(scope)
        return self._open(scope=scope, tenant=tenant, wrapped=wrapped)

    def rewrap(self, *, scope: str, tenant: TenantId | None, wrapped: str) -> Rewrapped:
        """Wrap under the newest KEK; see KeyProvider."""
        self._policy.require_manage(scope)
        fresh, version = self._wrap(self._open(scope=scope, tenant=tenant, wrapped=wrapped), scope=scope, tenant=tenant)
        return Rewrapped(wrapped=fresh, kek_version=version)

    def current_version(self, *, scope: str) -> int:
        """The newest KEK version; see KeyProvider."""
        self._policy.require_any(scope)
        return max(self._versions(scope))

    def rotate(self, *, scope: str) -> int:
        """Add a KEK version; see KeyProvider. Two processes that rotate at once make two versions."""
        self._policy.require_manage(scope)
        with keyring_file.exclusive(self._path):
            version = max(self._versions(scope)) + 1
            self._add({scope: version})
        return version

    def ensure_scopes(self, names: Iterable[str]) -> list[str]:
        """Add the KEKs that are missing; see KeyProvider."""
        wanted = _known(names)
        for scope in wanted:
            self._policy.require_manage(scope)
        with keyring_file.exclusive(self._path):
            missing = [scope for scope in wanted if scope not in self._current().keks]
            if missing:
                self._add(dict.fromkeys(missing, 1))
        return missing

    def check(self) -> None:
        """Return when the file is there, safe and readable; see KeyProvider."""
        self._current()

    def close(self) -> None:
        """Nothing to give back: the file is open only while it is read."""

    def __repr__(self) -> str:
        return "<LocalKeyring>"

    def _wrap(self, plaintext: bytes, *, scope: str, tenant: TenantId | None) -> tuple[str, int]:
        versions = self._versions(scope)
        version = max(versions)
        nonce = os.urandom(NONCE_BYTES)
        blob = nonce + AESGCM(versions[version]).encrypt(nonce, plaintext, _context(scope, tenant, version))
        return f"{_FORMAT}.{version}.{to_base64url(blob)}", version

    def _open(self, *, scope: str, tenant: TenantId | None, wrapped: str) -> bytes:
        try:
            form, number, text = wrapped.split(".")
            version = int(number)
            blob = from_base64url(text)
        except ValueError:
            raise KeyRefused("not a data key wrapped by a local keyring") from None
        kek = self._versions(scope).get(version)
        # "01" would name version 1 too, and one wrapped key has one form.
        if form != _FORMAT or kek is None or number != str(version):
            raise KeyRefused("the wrapped data key names a KEK that this keyring does not have")
        try:
            return AESGCM(kek).decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], _context(scope, tenant, version))
        except (ValueError, InvalidTag):
            raise KeyRefused("the wrapped data key is not one of this scope and tenant") from None

    def _versions(self, scope: str) -> dict[int, bytes]:
        versions = self._current().keks.get(scope)
        if versions is None:
            raise KeyRefused("the keyring has no KEK for this scope")
        return versions

    def _current(self) -> _Loaded:
        """The file as it is now, read again if it changed."""
        loaded = self._loaded
        if keyring_file.identity(self._path) == loaded.identity:
            return loaded
        with self._lock:
            # Whoever waited here finds it read already.
            if keyring_file.identity(self._path) != self._loaded.identity:
                self._loaded = self._load(before=self._loaded)
            return self._loaded

    def _load(self, *, before: _Loaded | None) -> _Loaded:
        content, identity = keyring_file.read(self._path)
        kdf, stored = keyring_file.parse(content)
        if kdf is not None and self._passphrase is None:
            raise KeyRefused("the keyring needs its passphrase")
        if before is not None and before.kdf == kdf:
            # The same salt: scrypt, made to be slow, need not run again for a rotation.
            master = before.master
        else:
            master = None if kdf is None or self._passphrase is None else kdf.derive(self._passphrase)
        keks = {
            scope: {
                version: keyring_file.open_kek(value, master=master, scope=scope, version=version)
                for version, value in versions.items()
            }
            for scope, versions in stored.items()
        }
        return _Loaded(identity, kdf, master, keks)

    def _add(self, versions: dict[str, int]) -> None:
        """Write the file with one KEK more for each scope; the file lock is held, so what was read is the newest."""
        loaded = self._current()
        content, _ = keyring_file.read(self._path)
        _, stored = keyring_file.parse(content)
        for scope, version in versions.items():
            stored.setdefault(scope, {})[version] = _new_kek(master=loaded.master, scope=scope, version=version)
        keyring_file.write(self._path, keyring_file.render(loaded.kdf, stored), replace=True)
        self._current()


def _new_kek(*, master: AESGCM | None, scope: str, version: int) -> bytes:
    return keyring_file.seal_kek(secrets.token_bytes(KEK_BYTES), master=master, scope=scope, version=version)


def _known(names: Iterable[str]) -> list[str]:
    wanted = sorted(set(names))
    if not set(wanted) <= scopes.ALL:
        raise KeyRefused("a scope that does not exist")
    return wanted


def _context(scope: str, tenant: TenantId | None, version: int) -> bytes:
    return encode("sokham/wrap/1", scope, None if tenant is None else tenant.bytes, str(version))
