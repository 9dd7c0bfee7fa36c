"""What can go wrong with keys. None of these carries a key, a token, a plaintext or a ciphertext in its text."""

from kernel.errors import SokhamError, Unauthenticated, Unavailable


class KeySourceUnavailable(Unavailable):
    """The key source (Vault or the keyring file) does not answer for now. Transient: 503 with Retry-After."""

    code = "key_source_unavailable"


class KeyRefused(SokhamError):
    """The key source or the process's policy says no: scope not granted, wrong tenant, tampered or unknown key.

    Trying again does not help. Outside it is an internal error: a client cannot cause it and learns nothing from it.
    """

    code = "key_refused"
    status = 500


class KeyringUnsafe(KeyRefused):
    """The keyring file may be read or changed by others (mode, owner, link), or it is not a keyring."""

    code = "keyring_unsafe"


class Undecryptable(SokhamError):
    """A sealed value does not open here: changed, moved from another place, or of another key. It says no more."""

    code = "undecryptable"
    status = 500

    def __init__(self) -> None:
        super().__init__("a sealed value does not open in this place")


class DekExhausted(KeyRefused):
    """A data key has sealed as much as one key safely may; the next `Keychain.current` makes a successor."""

    code = "dek_exhausted"


class InvalidToken(Unauthenticated):
    """A signed token is not acceptable. Every reason gives this one answer."""

    code = "invalid_token"

    def __init__(self) -> None:
        super().__init__("the token is not valid")
