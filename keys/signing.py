"""Token-signing keys: Ed25519 (RFC 8037), one key set an issuer, and the signed tokens (JWT, RFC 7519).

The algorithm is pinned to `Ed25519` (RFC 9864), a token's header holds `alg`, `kid` and `typ` and nothing else, and the
key is the one that `kid` names in the issuer's set: nothing in a token chooses how it is verified (RFC 8725). What is
verified here is the signature and the claims; whether the session still stands is its row in the issuer's database.
"""

import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, Self
from uuid import UUID

from joserfc import jwk, jwt
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry

from kernel.clock import Clock, utc_now
from keys.encoding import from_base64url, to_base64url
from keys.envelope import DataKey, FieldContext, open_sealed, seal
from keys.errors import InvalidToken, KeyRefused, Undecryptable

ALGORITHM: Final = "Ed25519"
ACCESS_TYPE: Final = "JWT"
LEEWAY: Final = timedelta(seconds=5)

_RESERVED: Final = frozenset({"iss", "aud", "sub", "iat", "nbf", "exp", "jti"})
_HEADER: Final = frozenset({"alg", "kid", "typ"})
# Ours are about 600 characters; whoever sends more wants our time.
_TOKEN_MAX: Final = 8192

Jwk = Mapping[str, Any]
Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SigningKeyRow:
    """A signing key as stored: the public half as JWK, the private half sealed under the data key `dek_id`."""

    kid: str
    issuer: str
    public_jwk: Jwk
    sealed_private: str = field(repr=False)
    dek_id: UUID
    created_at: datetime
    not_after: datetime


class SigningKey:
    """An Ed25519 key pair of one issuer. `kid` is the RFC 7638 thumbprint, so a key id stands for one key only."""

    __slots__ = ("_key", "created_at", "issuer", "kid", "not_after")

    def __init__(self, *, issuer: str, seed: bytes, created_at: datetime, not_after: datetime) -> None:
        """`seed` is the private key's 32 bytes; nothing is signed after `not_after`."""
        if len(seed) != 32:
            raise KeyRefused("an Ed25519 key is 32 bytes")
        private = jwk.OKPKey.binding.from_private_bytes("Ed25519", seed)
        self._key = jwk.OKPKey.import_key(private)
        self.kid = jwk.thumbprint(self._key.as_dict(private=False))
        self.issuer = issuer
        self.created_at = created_at
        self.not_after = not_after

    @classmethod
    def generate(cls, *, issuer: str, lifetime: timedelta, clock: Clock = utc_now) -> Self:
        """A new key pair, good for signing from now for `lifetime`."""
        now = clock()
        return cls(issuer=issuer, seed=secrets.token_bytes(32), created_at=now, not_after=now + lifetime)

    @classmethod
    def from_row(cls, row: SigningKeyRow, *, key: DataKey, table: str = "signing_keys") -> Self:
        """Open a stored key; raises Undecryptable when it does not open here or is not the pair of its public half."""
        seed = open_sealed(row.sealed_private, key=key, context=_place(key, table, row.kid))
        found = cls(issuer=row.issuer, seed=seed, created_at=row.created_at, not_after=row.not_after)
        if found.kid != row.kid or found.public_jwk()["x"] != row.public_jwk.get("x"):
            raise Undecryptable
        return found

    def to_row(self, *, key: DataKey, table: str = "signing_keys") -> SigningKeyRow:
        """The key as it is stored in `table`, the private half sealed under `key`."""
        seed = from_base64url(str(self._key.as_dict(private=True)["d"]))
        return SigningKeyRow(
            kid=self.kid,
            issuer=self.issuer,
            public_jwk=self.public_jwk(),
            sealed_private=seal(seed, key=key, context=_place(key, table, self.kid)),
            dek_id=key.dek_id,
            created_at=self.created_at,
            not_after=self.not_after,
        )

    def public_jwk(self) -> dict[str, str]:
        """The public half: `kty`, `crv`, `x`, `kid`, `use`, `alg`."""
        x = str(self._key.as_dict(private=False)["x"])
        return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": self.kid, "use": "sig", "alg": ALGORITHM}

    def sign(self, claims: dict[str, Any], *, typ: str, now: datetime) -> str:
        """A compact JWT over `claims` exactly as given; raises KeyRefused after `not_after`."""
        if now >= self.not_after:
            raise KeyRefused("the signing key's time is over")
        header = {"alg": ALGORITHM, "kid": self.kid, "typ": typ}
        return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])

    def __repr__(self) -> str:
        return f"<SigningKey {self.kid} of {self.issuer}>"


def _place(key: DataKey, table: str, kid: str) -> FieldContext:
    return FieldContext(key.tenant, table, "sealed_private", kid)


def jwks(public_keys: Iterable[Jwk]) -> dict[str, list[dict[str, Any]]]:
    """The public document `{"keys": [...]}`. Only the public members are copied, whatever else a key holds."""
    members = ("kty", "crv", "x", "kid", "use", "alg")
    return {"keys": [{name: key[name] for name in members if name in key} for key in public_keys]}


def public_key(document: Jwk) -> jwk.OKPKey:
    """Read one public JWK; raises KeyRefused unless it is an Ed25519 key with its thumbprint for `kid`."""
    try:
        key = jwk.OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": str(document["x"])})
        good = document["kty"] == "OKP" and document["crv"] == "Ed25519"
    except (JoseError, KeyError, ValueError, TypeError):
        good = False
    if not good or document.get("kid") != jwk.thumbprint(key.as_dict(private=False)):
        raise KeyRefused("not an Ed25519 public key under its own key id")
    return key


def verified_claims(
    token: str, *, keys: Mapping[str, jwk.OKPKey], typ: str, registry: JWTClaimsRegistry, audience: str
) -> dict[str, Any]:
    """The claims of a token whose header, signature and registered claims hold; InvalidToken for everything else."""

    def find(found: jwk.GuestProtocol) -> jwk.OKPKey:
        key = keys.get(str(found.headers().get("kid")))
        if key is None:
            raise InvalidToken
        return key

    if len(token) > _TOKEN_MAX:
        raise InvalidToken
    try:
        decoded = jwt.decode(token, find, algorithms=[ALGORITHM], registry=JWSRegistry(algorithms=[ALGORITHM]))
        registry.validate(decoded.claims)
    except (JoseError, ValueError, TypeError, RecursionError):
        # The reason stays here: it would tell a forger how far he came.
        raise InvalidToken from None
    # A list of audiences would make one token good in two places.
    if set(decoded.header) != _HEADER or decoded.header["typ"] != typ or decoded.claims["aud"] != audience:
        raise InvalidToken
    return decoded.claims


class TokenSigner:
    """Issues one issuer's access tokens with its present key."""

    def __init__(self, *, issuer: str, key: SigningKey, clock: Clock = utc_now) -> None:
        """Raises KeyRefused when the key is another issuer's."""
        if key.issuer != issuer:
            raise KeyRefused("the signing key belongs to another issuer")
        self._issuer = issuer
        self._key = key
        self._clock = clock

    @property
    def kid(self) -> str:
        """The id of the key that signs."""
        return self._key.kid

    def issue(self, *, audience: str, subject: str, claims: Claims, lifetime: timedelta) -> str:
        """A token for `audience` about `subject`, good for `lifetime` from now, with a fresh `jti`.

        `claims` are added as they are (JSON values: `sid`, `tenant`, `role`, …). Raises ValueError when one of them is
        a registered claim, KeyRefused when the key's time is over.
        """
        if not _RESERVED.isdisjoint(claims):
            raise ValueError("registered claims are set by the signer")
        now = self._clock()
        issued = int(now.timestamp())
        everything = {
            **claims,
            "iss": self._issuer,
            "aud": audience,
            "sub": subject,
            "iat": issued,
            "nbf": issued,
            "exp": issued + int(lifetime.total_seconds()),
            "jti": to_base64url(secrets.token_bytes(16)),
        }
        return self._key.sign(everything, typ=ACCESS_TYPE, now=now)


class TokenVerifier:
    """Verifies one issuer's tokens for one audience. Safe to share between threads.

    A token that was verified is remembered by its SHA-256 until it ends, since the signature's check costs some 80 µs
    and a session's token comes with each request. Refused tokens are not remembered.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        keys: Mapping[str, Any],
        required: Iterable[str] = (),
        leeway: timedelta = LEEWAY,
        cache_size: int = 4096,
        clock: Clock = utc_now,
    ) -> None:
        """`keys` is the issuer's JWKS document; `required` are claims that must stand beside the registered ones.

        Raises KeyRefused when a key of the document is not one of ours.
        """
        self._audience = audience
        self._clock = clock
        self._leeway = int(leeway.total_seconds())
        self._cache_size = cache_size
        self._cache: OrderedDict[bytes, Claims] = OrderedDict()
        self._lock = threading.Lock()
        options: dict[str, jwt.ClaimsOption] = {name: {"essential": True} for name in (*_RESERVED, *required)}
        options["iss"] = {"essential": True, "value": issuer}
        options["aud"] = {"essential": True, "value": audience}
        self._registry = JWTClaimsRegistry(
            now=lambda: int(clock().timestamp()),
            leeway=self._leeway,
            **options,
        )
        self._keys = _by_kid(keys)

    def replace_keys(self, keys: Mapping[str, Any]) -> None:
        """Take another JWKS document; tokens of a key that is no longer in it are refused from now on."""
        found = _by_kid(keys)
        with self._lock:
            self._keys = found
            self._cache.clear()

    def verify(self, token: str) -> Claims:
        """The claims of a good token, read-only; raises InvalidToken for everything else."""
        # Text that is no UTF-8 is no token either; "replace" cannot make two good tokens one.
        fingerprint = hashlib.sha256(token.encode("utf-8", "backslashreplace")).digest()
        with self._lock:
            claims = self._cache.get(fingerprint)
            if claims is not None:
                self._cache.move_to_end(fingerprint)
            keys = self._keys
        if claims is not None:
            if claims["exp"] <= self._clock().timestamp() - self._leeway:
                with self._lock:
                    self._cache.pop(fingerprint, None)
                raise InvalidToken
            return claims
        claims = MappingProxyType(
            verified_claims(token, keys=keys, typ=ACCESS_TYPE, registry=self._registry, audience=self._audience)
        )
        with self._lock:
            # Keys that were replaced meanwhile took their tokens with them.
            if keys is self._keys:
                self._cache[fingerprint] = claims
                while len(self._cache) > self._cache_size:
                    self._cache.popitem(last=False)
        return claims

    def __len__(self) -> int:
        return len(self._cache)


def _by_kid(document: Mapping[str, Any]) -> dict[str, jwk.OKPKey]:
    return {str(key["kid"]): public_key(key) for key in document["keys"]}
