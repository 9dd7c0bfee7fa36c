"""Vietnamese text: one canonical form, and keys for search without diacritics."""

import unicodedata

_STROKE = str.maketrans({"đ": "d", "Đ": "d"})


def canonical(text: str) -> str:
    """NFC, with runs of white space folded to one blank: the form in which names are stored."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def search_key(text: str) -> str:
    """Lower case without diacritics: `Nguyễn Thị Đào` → `nguyen thi dao`."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_STROKE).lower())
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(bare.split())


def digits(text: str) -> str:
    """Only the decimal digits, full-width and other scripts' digits as ASCII."""
    return "".join(str(unicodedata.decimal(letter)) for letter in text if letter.isdecimal())


def storable(text: str) -> bool:
    """Whether PostgreSQL can store it: no NUL, and no half of a surrogate pair, which UTF-8 has no form for."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "translate later"
    """Mark a sentence for translation; kernel.web.i18n translates it where it is shown."""
    return message
