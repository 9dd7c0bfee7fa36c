"""What other folders may import of `keys`. Scopes are used as `scopes.INDEX`."""

from keys import scopes
from keys.audit_signing import sign_seal, signed_seal
from keys.blind_index import BlindIndex, BlindIndexKeyRow, Digest, load_blind_index, new_blind_index_key
from keys.body_signing import BodySigner, BodyVerifier, SignedBody
from keys.data_keys import DataKeyRow, DataKeyStore, RewrapReport, rewrap_all
from keys.envelope import DataKey, FieldContext, dek_id_of, open_sealed, open_text, seal
from keys.errors import (
    DekExhausted,
    InvalidToken,
    KeyRefused,
    KeyringUnsafe,
    KeySourceUnavailable,
    Undecryptable,
)
from keys.keychain import Keychain
from keys.local import LocalKeyring
from keys.policy import EVERYTHING, PROCESSES, Grant, KeyPolicy
from keys.provider import KeyProvider, NewDataKey, Rewrapped
from keys.signing import SigningKey, SigningKeyRow, TokenSigner, TokenVerifier, jwks
from keys.vault import VaultTransitKeys
from keys.vault_session import AppRoleAuth, TokenAuth

__all__ = [
    "EVERYTHING",
    "PROCESSES",
    "AppRoleAuth",
    "BlindIndex",
    "BlindIndexKeyRow",
    "BodySigner",
    "BodyVerifier",
    "DataKey",
    "DataKeyRow",
    "DataKeyStore",
    "DekExhausted",
    "Digest",
    "FieldContext",
    "Grant",
    "InvalidToken",
    "KeyPolicy",
    "KeyProvider",
    "KeyRefused",
    "KeySourceUnavailable",
    "Keychain",
    "KeyringUnsafe",
    "LocalKeyring",
    "NewDataKey",
    "RewrapReport",
    "Rewrapped",
    "SignedBody",
    "SigningKey",
    "SigningKeyRow",
    "TokenAuth",
    "TokenSigner",
    "TokenVerifier",
    "Undecryptable",
    "VaultTransitKeys",
    "dek_id_of",
    "jwks",
    "load_blind_index",
    "new_blind_index_key",
    "open_sealed",
    "open_text",
    "rewrap_all",
    "scopes",
    "seal",
    "sign_seal",
    "signed_seal",
]
