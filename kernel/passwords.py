"""Passwords: Argon2id hashes, and a fixed amount of work whether an account exists or not (NIST SP 800-63B-4)."""

import functools
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from kernel.errors import InvalidFields
from kernel.text import N_, search_key

# Of a password that is the only factor (SP 800-63B-4, 3.1.1.2); patients': docs/adr/0009.
MINIMUM_LENGTH: Final = 15
PATIENT_MINIMUM_LENGTH: Final = 12
MAXIMUM_LENGTH: Final = 256
TOO_SHORT: Final = {
    MINIMUM_LENGTH: N_("Use at least 15 characters; a sentence is good."),
    PATIENT_MINIMUM_LENGTH: N_("Use at least 12 characters; a sentence is good."),
}
TOO_LONG: Final = N_("Use at most 256 characters.")
GUESSABLE: Final = N_("This is easy to guess: leave out your name, and do not repeat one letter.")
COMMON: Final = N_("Many people use this, so it is tried first. A sentence that only you would say is better.")

_WORDS_FILE: Final = Path(__file__).parent / "data" / "common_words.txt"
# What may be left of a password beside common words and tell nothing: a date in digits, else hardly a letter.
_DATE_LENGTH: Final = 8
_LITTLE_ELSE: Final = 3
# A name shorter than this stands in many innocent sentences.
_TELLING_LENGTH: Final = 6
_LEAST_DIFFERENT: Final = 5
_REPEATED: Final = re.compile(r"(.{1,8}?)\1+", re.DOTALL)


class Passwords:
    """Hashes and checks passwords. Argon2id's parameters come from the settings: 64 MiB and 3 passes by default.

    A password is what it shows and not how a keyboard composed it: `ệ` in one, two or three code points is the same.
    """

    def __init__(self, *, memory_kib: int = 65536, passes: int = 3, lanes: int = 4) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=lanes, type=Type.ID)

    def hash(self, password: str) -> str:
        """An Argon2id string with its salt and parameters."""
        return self._hasher.hash(_normal(password))

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether it is the one; without a stored hash the same work is done on a dummy, and the answer is no."""
        try:
            self._hasher.verify(stored or self._dummy, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    def outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters, and should be made again at the next sign-in."""
        return self._hasher.check_needs_rehash(stored)

    @functools.cached_property
    def _dummy(self) -> str:
        return self._hasher.hash("no account has this password")


def check_new_password(
    password: str, *, field: str = "password", known: Iterable[str] = (), minimum: int = MINIMUM_LENGTH
) -> None:
    """Length, not the words in `known` (names of the person and the hospital), not what everybody chooses; no rules of
    composition. Raises InvalidFields naming `field`.
    """
    length = len(_normal(password))
    if not minimum <= length <= MAXIMUM_LENGTH:
        raise InvalidFields(errors={field: [TOO_LONG if length > MAXIMUM_LENGTH else TOO_SHORT[minimum]]})
    bare = _bare(password)
    names = (_bare(word) for word in known)
    if len(set(_normal(password).lower())) < _LEAST_DIFFERENT or any(
        name in bare for name in names if len(name) >= _TELLING_LENGTH
    ):
        raise InvalidFields(errors={field: [GUESSABLE]})
    if _is_common(bare):
        raise InvalidFields(errors={field: [COMMON]})


def _normal(password: str) -> str:
    """NFKC, as SP 800-63B-4 asks for before hashing; blanks count, also at the ends."""
    return unicodedata.normalize("NFKC", password)


def _bare(text: str) -> str:
    """Lower case without diacritics, blanks and signs, so that `Mật-khẩu` is `matkhau`."""
    return "".join(letter for letter in search_key(text) if letter.isalnum())


def _is_common(bare: str) -> bool:
    """Whether it is one short piece again and again, or common words and little else."""
    if not bare:
        return False
    if _REPEATED.fullmatch(bare):
        return True
    rest = bare
    for word in _common_words():
        rest = rest.replace(word, " ")
    left = rest.replace(" ", "")
    return rest != bare and len(left) <= (_DATE_LENGTH if left.isdigit() else _LITTLE_ELSE)


@functools.cache
def _common_words() -> tuple[str, ...]:
    """The longest first, so that a word is not taken apart by a shorter one in it."""
    lines = _WORDS_FILE.read_text(encoding="utf-8").splitlines()
    return tuple(
        sorted({line for line in lines if line and not line.startswith("#")}, key=lambda word: (-len(word), word))
    )
