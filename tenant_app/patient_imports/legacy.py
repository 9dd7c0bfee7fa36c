"""Vietnamese as it was written before Unicode: TCVN3 (ABC fonts) and VNI, each as the Latin letters it looks like.

Sources: TCVN 5712:1993 (VN1), and the table of the VNI fonts for Windows. Both came with fonts, not with a code page:
their text also stands in spreadsheets, as letters such as `NguyÔn` that only the right font shows as `Nguyễn`.
"""

import unicodedata
from typing import Final

# Bytes 0x80 to 0xFF of TCVN 5712:1993; 0xB0 to 0xB4 are marks that combine with the letter before them.
_TCVN3_UPPER_HALF: Final = (
    "ÀẢÃÁẠẶẬÈẺẼÉẸỆÌỈĨÍỊÒỎÕÓỌỘỜỞỠỚỢÙỦŨ"
    "\u00a0ĂÂÊÔƠƯĐăâêôơưđẰ\u0300\u0309\u0303\u0301\u0323àảãáạẲằẳẵắẴ"
    "ẮẦẨẪẤỀặầẩẫấậèỂẻẽéẹềểễếệìỉỄẾỒĩíịò"
    "ỔỏõóọồổỗốộờởỡớợùỖủũúụừửữứựỳỷỹýỵỐ"
)
_TCVN3: Final = {0x80 + place: letter for place, letter in enumerate(_TCVN3_UPPER_HALF)}
_TCVN3_BACK: Final = {letter: chr(code) for code, letter in _TCVN3.items()}

# VNI writes a letter and after it a mark. Marks of tone alone, and marks that are circumflex or breve with a tone.
_TONES: Final = {"ø": "\u0300", "û": "\u0309", "õ": "\u0303", "ù": "\u0301", "ï": "\u0323"}
_CIRCUMFLEX: Final = {"â": "", "à": "\u0300", "å": "\u0309", "ã": "\u0303", "á": "\u0301", "ä": "\u0323"}
_BREVE: Final = {"ê": "", "è": "\u0300", "ú": "\u0309", "ü": "\u0303", "é": "\u0301", "ë": "\u0323"}
_VNI_ALONE: Final = {"ñ": "đ", "ô": "ơ", "ö": "ư", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ", "í": "í", "ì": "ì"}


def _vni_table() -> dict[str, str]:
    table = dict(_VNI_ALONE)
    for letter in "aeouy":
        table |= {letter + mark: letter + tone for mark, tone in _TONES.items()}
    for letter in "aeo":
        table |= {letter + mark: letter + "\u0302" + tone for mark, tone in _CIRCUMFLEX.items()}
    table |= {"a" + mark: "a\u0306" + tone for mark, tone in _BREVE.items()}
    for written, letter in (("ô", "ơ"), ("ö", "ư")):
        table |= {written + mark: letter + tone for mark, tone in _TONES.items()}
    composed = {written: unicodedata.normalize("NFC", meant) for written, meant in table.items()}
    capitals = {}
    for written, meant in composed.items():
        # Capitals have capital marks in text typed with them; a capital followed by a small mark is written as well.
        capitals[written.upper()] = meant.upper()
        capitals[written[0].upper() + written[1:]] = meant.upper()
    return capitals | composed


_VNI: Final = _vni_table()
_VNI_BACK: Final = {meant: written for written, meant in _VNI.items()}


def as_latin(text: str) -> str | None:
    """Text as the one-byte letters it was typed in (Windows-1252, by code); None where it holds others."""
    letters = []
    for letter in text:
        if ord(letter) < 0x100:
            letters.append(letter)
            continue
        try:
            letters.append(chr(letter.encode("cp1252")[0]))
        except UnicodeEncodeError:
            return None
    return "".join(letters)


def from_tcvn3(latin: str) -> str:
    """Unicode (NFC) of what TCVN3 bytes look like in Latin-1."""
    return unicodedata.normalize("NFC", latin.translate(_TCVN3))


def to_tcvn3(text: str) -> str:
    """The other way, for checks: letters without a place in TCVN3 stay as they are."""
    return "".join(_TCVN3_BACK.get(letter, letter) for letter in unicodedata.normalize("NFC", text))


def from_vni(latin: str) -> str:
    """Unicode (NFC) of what VNI text looks like in Latin-1: the longest match first."""
    letters, place = [], 0
    while place < len(latin):
        pair = latin[place : place + 2]
        if len(pair) == 2 and pair in _VNI:
            letters.append(_VNI[pair])
            place += 2
        else:
            letters.append(_VNI.get(pair[0], pair[0]))
            place += 1
    return unicodedata.normalize("NFC", "".join(letters))


def to_vni(text: str) -> str:
    """The other way, for checks."""
    return "".join(_VNI_BACK.get(letter, letter) for letter in unicodedata.normalize("NFC", text))
