"""AES-256-GCM envelopes: one sealed value, bound to the place where it stands.

A sealed value is text: `s1.<dek id>.<nonce and ciphertext with tag>`, both in base64url without padding. The associated
data are encode("s1", tenant, table, column, row id, dek id): a value copied to another row, column, table or hospital
does not open, nor does one whose key id was exchanged. The version of the KEK is not in there: rewrapping a data key
must not touch data.

Nonces are 96 random bits from the operating system, drawn for each value (never from a buffer: a buffer copied by a
fork would repeat them). NIST SP 800-38D section 8.3 bounds a key with random nonces to 2^32 values, where a collision
has a probability below 2^-32. Several processes seal under one key and each counts only what it sealed itself, so each
stops at 2^28 (`DekExhausted`), and the keychain makes a successor from 2^27 on: sixteen lifetimes of processes at their
limit under one key stay within the bound.
"""

import os
from functools import lru_cache
from itertools import count
from typing import Final, NamedTuple, Never
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kernel.ids import TenantId
from keys.encoding import encode, from_base64url, to_base64url
from keys.errors import DekExhausted, KeyRefused, Undecryptable

FORMAT: Final = "s1"
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
MAX_SEALS: Final = 2**28
ROTATE_AFTER_SEALS: Final = 2**27

_MAX_PLAINTEXT: Final = 16 * 1024 * 1024


class FieldContext(NamedTuple):
    """The place of a sealed value. A row id is a UUID or text; a UUID and its canonical text are one place."""

    tenant: TenantId | None
    table: str
    column: str
    row_id: str | UUID


class DataKey:
    """A decrypted data key (DEK), ready for use. Held in memory only: it does not show, copy or pickle its bytes.

    `tenant` is the hospital whose key it is, None for central's own; `scope` names the KEK that wraps it.
    """

    __slots__ = ("_aad_suffix", "_aead", "_counter", "_header", "_sealed", "dek_id", "scope", "tenant")

    def __init__(self, *, dek_id: UUID, scope: str, tenant: TenantId | None, plaintext: bytes) -> None:
        if len(plaintext) != 32:
            raise KeyRefused("a data key is 32 bytes")
        self.dek_id = dek_id
        self.scope = scope
        self.tenant = tenant
        self._aead = AESGCM(plaintext)
        self._header = f"{FORMAT}.{to_base64url(dek_id.bytes)}."
        self._aad_suffix = encode(dek_id.bytes)
        # `next` on a count is one atomic step, which a number under a lock would not be for the same price.
        self._counter = count(1)
        self._sealed = 0

    @property
    def sealed(self) -> int:
        """How many values this process sealed under this key since it was loaded."""
        return self._sealed

    def __repr__(self) -> str:
        return f"<DataKey {self.dek_id} {self.scope}>"

    def __reduce__(self) -> Never:
        raise TypeError("a data key is not serialised")


def seal(plaintext: bytes | str, *, key: DataKey, context: FieldContext) -> str:
    """Seal bytes, or text as UTF-8, for the place `context`; up to 16 MiB.

    Raises KeyRefused when the key is another hospital's than the context (a fault of the caller, caught before anything
    is written that nobody could read), DekExhausted when the key is spent, ValueError when the value is too long.
    """
    if key.tenant is not None and key.tenant != context.tenant:
        raise KeyRefused("the data key belongs to another hospital than the value")
    if isinstance(plaintext, str):
        plaintext = plaintext.encode()
    if len(plaintext) > _MAX_PLAINTEXT:
        raise ValueError("too long for one envelope")
    key._sealed = used = next(key._counter)
    if used > MAX_SEALS:
        raise DekExhausted("the data key has sealed as much as one key may")
    nonce = os.urandom(NONCE_BYTES)
    return key._header + to_base64url(nonce + key._aead.encrypt(nonce, plaintext, _associated_data(key, context)))


def open_sealed(token: str, *, key: DataKey, context: FieldContext) -> bytes:
    """Open what `seal` made under this key for this place; raises Undecryptable for everything else."""
    header = key._header
    if not token.startswith(header) or (key.tenant is not None and key.tenant != context.tenant):
        raise Undecryptable
    try:
        blob = from_base64url(token[len(header) :])
        return key._aead.decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], _associated_data(key, context))
    except (ValueError, InvalidTag):
        # Without the cause: how it failed is nobody's business, in a log neither.
        raise Undecryptable from None


def open_text(token: str, *, key: DataKey, context: FieldContext) -> str:
    """Open a sealed text; raises Undecryptable, also where the bytes are no UTF-8."""
    try:
        return open_sealed(token, key=key, context=context).decode()
    except UnicodeDecodeError:
        raise Undecryptable from None


def dek_id_of(token: str) -> UUID:
    """The id of the data key that a sealed value names (not yet verified); raises Undecryptable for other text."""
    parts = token.split(".")
    if len(parts) != 3 or parts[0] != FORMAT:
        raise Undecryptable
    try:
        return UUID(bytes=from_base64url(parts[1]))
    except ValueError:
        raise Undecryptable from None


def _associated_data(key: DataKey, context: FieldContext) -> bytes:
    tenant, table, column, row_id = context
    return _place(tenant, table, column) + encode(str(row_id)) + key._aad_suffix


@lru_cache(maxsize=4096)
def _place(tenant: TenantId | None, table: str, column: str) -> bytes:
    return encode(FORMAT, None if tenant is None else tenant.bytes, table, column)
