"""Passwords: Argon2id hashes, and a fixed amount of work whether an account exists or not (NIST SP 800-63B-4)."""

import functools

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from kernel.errors import InvalidFields
from kernel.text import N_, canonical

MINIMUM_LENGTH = 12
MAXIMUM_LENGTH = 256
TOO_SHORT = N_("Use at least 12 characters; a sentence is good.")
GUESSABLE = N_("This is easy to guess: leave out your name, and do not repeat one letter.")


class Passwords:
    """Hashes and checks passwords. Argon2id's parameters come from the settings: 64 MiB and 3 passes by default."""

    def __init__(self, *, memory_kib: int = 65536, passes: int = 3, lanes: int = 4) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=lanes, type=Type.ID)

    def hash(self, password: str) -> str:
        """An Argon2id string with its salt and parameters."""
        return self._hasher.hash(password)

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether it is the one; without a stored hash the same work is done on a dummy, and the answer is no."""
        try:
            self._hasher.verify(stored or self._dummy, password)
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    def outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters, and should be made again at the next sign-in."""
        return self._hasher.check_needs_rehash(stored)

    @functools.cached_property
    def _dummy(self) -> str:
        return self._hasher.hash("no account has this password")


def check_new_password(password: str, *, field: str = "password", known: tuple[str, ...] = ()) -> None:
    """Length, and not the person's own words; no rules of composition. Raises InvalidFields naming `field`."""
    if not MINIMUM_LENGTH <= len(password) <= MAXIMUM_LENGTH:
        raise InvalidFields(errors={field: [TOO_SHORT]})
    lowered = canonical(password).lower()
    if len(set(lowered)) < 5 or any(word and word.lower() in lowered and len(word) >= 6 for word in known):
        raise InvalidFields(errors={field: [GUESSABLE]})
