"""The keyring file: reading it safely, writing it whole or not at all, and what its JSON means.

    {"format": 1, "kdf": null, "keks": {"index": {"1": "<base64url of 32 bytes>", "2": …}, …}}

With a passphrase `kdf` is {"name": "scrypt", "n": …, "r": …, "p": …, "salt": …}, and each key is AES-256-GCM under the
key that scrypt (RFC 7914) makes of the passphrase, bound to its scope and version.
"""

import errno
import fcntl
import json
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from keys.encoding import encode, from_base64url, to_base64url
from keys.errors import KeyRefused, KeyringUnsafe, KeySourceUnavailable

KEK_BYTES: Final = 32
NONCE_BYTES: Final = 12

# 64 MiB and about 0.2 s: opened once a process, and once more when the file changed.
SCRYPT_N: Final = 2**16
_SCRYPT_R: Final = 8
_SCRYPT_P: Final = 1
# A file must not be able to make its reader allocate gigabytes.
_SCRYPT_N_MAX: Final = 2**20
_FORMAT: Final = 1
_FILE_MAX: Final = 4 * 1024 * 1024

# Device, inode, change time in ns, size: a file put in place by rename differs in the inode, an edited one in the rest.
Identity = tuple[int, int, int, int]
Keks = dict[str, dict[int, bytes]]


@dataclass(frozen=True, slots=True)
class Kdf:
    """How a passphrase becomes the key of the file's keys."""

    n: int
    salt: bytes

    @classmethod
    def fresh(cls, *, n: int) -> "Kdf":
        """Parameters with a new salt."""
        return cls(n, secrets.token_bytes(16))

    def derive(self, passphrase: str) -> AESGCM:
        """The key that seals the file's keys."""
        kdf = Scrypt(salt=self.salt, length=32, n=self.n, r=_SCRYPT_R, p=_SCRYPT_P)
        return AESGCM(kdf.derive(passphrase.encode()))


def identity(path: Path) -> Identity:
    """What tells one state of the file from another; raises KeySourceUnavailable when there is no file."""
    try:
        found = path.stat(follow_symlinks=False)
    except OSError as err:
        raise KeySourceUnavailable(f"the keyring file cannot be reached ({_name(err)})") from None
    return _identity_of(found)


def read(path: Path) -> tuple[bytes, Identity]:
    """The file's bytes, read only if nobody but this user may read or write it.

    Raises KeySourceUnavailable when it is not there, KeyringUnsafe for a link, another owner, a mode looser than 0600,
    or something that is no ordinary file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as err:
        if err.errno == errno.ELOOP:
            raise KeyringUnsafe("the keyring file is a symbolic link") from None
        raise KeySourceUnavailable(f"the keyring file cannot be opened ({_name(err)})") from None
    try:
        found = os.fstat(descriptor)
        _require_private(found)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(_FILE_MAX), _identity_of(found)
    finally:
        os.close(descriptor)


def _require_private(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise KeyringUnsafe("the keyring is no ordinary file")
    if found.st_uid != os.geteuid():
        raise KeyringUnsafe("the keyring file belongs to another user")
    if stat.S_IMODE(found.st_mode) & ~0o600:
        raise KeyringUnsafe(f"the keyring file's mode is {stat.S_IMODE(found.st_mode):04o}; it must be 0600")
    if found.st_size > _FILE_MAX:
        raise KeyringUnsafe("the keyring file is too large")


def write(path: Path, content: bytes, *, replace: bool) -> None:
    """Put the whole content in place at once, mode 0600, on the disk before this returns.

    Raises FileExistsError when it is there and `replace` is false, KeySourceUnavailable when it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            if replace:
                temporary.replace(path)
            else:
                # A link fails where a file is; a rename would put this one in its place.
                path.hardlink_to(temporary)
        finally:
            temporary.unlink(missing_ok=True)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except FileExistsError:
        raise
    except OSError as err:
        raise KeySourceUnavailable(f"the keyring file cannot be written ({_name(err)})") from None


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Keep others from changing the keyring meanwhile: a lock on a file beside it, given back by the kernel."""
    try:
        descriptor = os.open(
            path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
        )
    except OSError as err:
        raise KeySourceUnavailable(f"the keyring cannot be locked ({_name(err)})") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def parse(content: bytes) -> tuple[Kdf | None, dict[str, dict[int, bytes]]]:
    """The key derivation and the keys as stored (sealed, where there is one); KeyringUnsafe if it is no keyring."""
    try:
        document: Any = json.loads(content)
        if document["format"] != _FORMAT:
            raise KeyringUnsafe("the keyring file has a format that this version does not know")
        keks = {
            str(scope): {int(version): from_base64url(value) for version, value in versions.items()}
            for scope, versions in document["keks"].items()
        }
        kdf = document["kdf"]
        found = None if kdf is None else Kdf(n=int(kdf["n"]), salt=from_base64url(kdf["salt"]))
        same = kdf is None or (kdf["name"], kdf["r"], kdf["p"]) == ("scrypt", _SCRYPT_R, _SCRYPT_P)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise KeyringUnsafe("the keyring file cannot be understood") from None
    if not same or (found is not None and not 2 <= found.n <= _SCRYPT_N_MAX):
        raise KeyringUnsafe("the keyring file asks for a key derivation that this version does not allow")
    # Versions begin at 1 and have no gaps, so that a number is never given twice.
    if any(sorted(versions) != list(range(1, len(versions) + 1)) or not versions for versions in keks.values()):
        raise KeyringUnsafe("the keyring file's versions are not in order")
    return found, keks


def render(kdf: Kdf | None, stored: Mapping[str, Mapping[int, bytes]]) -> bytes:
    """The file's bytes for keys as stored."""
    document = {
        "format": _FORMAT,
        "kdf": None
        if kdf is None
        else {"name": "scrypt", "n": kdf.n, "r": _SCRYPT_R, "p": _SCRYPT_P, "salt": to_base64url(kdf.salt)},
        "keks": {
            scope: {str(version): to_base64url(value) for version, value in sorted(versions.items())}
            for scope, versions in sorted(stored.items())
        },
    }
    return json.dumps(document, indent=1).encode()


def seal_kek(kek: bytes, *, master: AESGCM | None, scope: str, version: int) -> bytes:
    """A key as it is stored: as it is, or sealed under the passphrase's key."""
    if master is None:
        return kek
    nonce = os.urandom(NONCE_BYTES)
    return nonce + master.encrypt(nonce, kek, _kek_context(scope, version))


def open_kek(stored: bytes, *, master: AESGCM | None, scope: str, version: int) -> bytes:
    """A key from its stored form; KeyRefused when the passphrase is not the one, or the file was changed."""
    kek = stored
    if master is not None:
        try:
            kek = master.decrypt(stored[:NONCE_BYTES], stored[NONCE_BYTES:], _kek_context(scope, version))
        except (ValueError, InvalidTag):
            raise KeyRefused("the passphrase does not open the keyring") from None
    if len(kek) != KEK_BYTES:
        raise KeyringUnsafe("a key in the keyring has the wrong length")
    return kek


def _kek_context(scope: str, version: int) -> bytes:
    return encode("sokham/keyring/1", scope, str(version))


def _identity_of(found: os.stat_result) -> Identity:
    return found.st_dev, found.st_ino, found.st_ctime_ns, found.st_size


def _name(err: OSError) -> str:
    return errno.errorcode.get(err.errno or 0, "unknown")
