"""Vietnamese text: one canonical form, keys for search without diacritics, and keys for sorting."""

import unicodedata

_STROKE = str.maketrans({"đ": "d", "Đ": "d"})

# Marks that make another letter of one, as signs that sort after z: ă before â, ô before ơ.
_LETTER_MARKS = {0x306: "{", 0x302: "|", 0x31B: "}"}
_BARE = str.maketrans({**_LETTER_MARKS, **dict.fromkeys((0x300, 0x309, 0x303, 0x301, 0x323))})
# Huyền, hỏi, ngã, sắc, nặng in the order of dictionaries, which is not that of their code points.
_TONED = str.maketrans({**_LETTER_MARKS, 0x309: "\u0301", 0x303: "\u0302", 0x301: "\u0303", 0x323: "\u0304"})


def canonical(text: str) -> str:
    """NFC, with runs of white space folded to one blank: the form in which names are stored."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def search_key(text: str) -> str:
    """Lower case without diacritics: `Nguyễn Thị Đào` → `nguyen thi dao`."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_STROKE).lower())
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(bare.split())


def vietnamese_order(text: str) -> str:
    """A sort key in the order of a Vietnamese dictionary: đ after d, ă and â after a, the same letters by tone.

    The function of that name in a hospital's database is the same, for what PostgreSQL sorts.
    """
    decomposed = unicodedata.normalize("NFD", text.lower().replace("đ", "d{"))
    return f"{decomposed.translate(_BARE)}\t{decomposed.translate(_TONED)}"


def digits(text: str) -> str:
    """Only the decimal digits, full-width and other scripts' digits as ASCII."""
    return "".join(str(unicodedata.decimal(letter)) for letter in text if letter.isdecimal())


def storable(text: str) -> bool:
    """Whether PostgreSQL can store it: no NUL, and no half of a surrogate pair, which UTF-8 has no form for."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "translate later"
    """Mark a sentence for translation; kernel.web.i18n translates it where it is shown."""
    return message
