"""Which letters the bytes of a file stand for: found by what reads as Vietnamese, and shown to a person. Pure."""

import codecs
import re
import unicodedata
from collections.abc import Callable
from itertools import pairwise
from typing import Final

from tenant_app.patient_imports.legacy import as_latin, from_tcvn3, from_vni

UTF8: Final = "utf-8"
UTF16: Final = "utf-16"
WINDOWS_1258: Final = "windows-1258"
TCVN3: Final = "tcvn3"
VNI: Final = "vni"
UNICODE: Final = "unicode"

ENCODINGS: Final = {
    UTF8: "Unicode (UTF-8)",
    UTF16: "Unicode (UTF-16)",
    WINDOWS_1258: "Windows-1258",
    TCVN3: "TCVN3 (.VnTime)",
    VNI: "VNI (VNI-Times)",
    UNICODE: "Unicode",
}
FOR_CSV: Final = (UTF8, UTF16, WINDOWS_1258, TCVN3, VNI)
FOR_XLSX: Final = (UNICODE, TCVN3, VNI)

# What stands where bytes could not be read.
UNREADABLE: Final = "\ufffd"

_VIETNAMESE: Final = frozenset(
    "àảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵ"
    "ÀẢÃÁẠĂẰẲẴẮẶÂẦẨẪẤẬĐÈẺẼÉẸÊỀỂỄẾỆÌỈĨÍỊÒỎÕÓỌÔỒỔỖỐỘƠỜỞỠỚỢÙỦŨÚỤƯỪỬỮỨỰỲỶỸÝỴ"
)
_WORD: Final = re.compile(r"[^\W\d_]+")
# Words that stand in nearly every list of people.
_COMMON: Final = frozenset(
    word
    for line in (
        "nguyễn trần lê phạm hoàng huỳnh phan vũ võ đặng bùi đỗ hồ ngô dương lý đinh trịnh thị văn hữu đức ngọc",
        "họ tên và ngày sinh giới tính nữ địa chỉ điện thoại số mã thẻ dị ứng nhóm máu phường quận xã huyện tỉnh đường",
    )
    for word in line.split()
)
_MARKS_OF_TONE: Final = frozenset("\u0300\u0301\u0303\u0309\u0323")


def decoder(encoding: str) -> Callable[[str], str]:
    """What makes Unicode of text that was read as Latin letters (TCVN3, VNI), or leaves it as it is."""
    if encoding == TCVN3:
        return lambda text: _legacy(text, from_tcvn3)
    if encoding == VNI:
        return lambda text: _legacy(text, from_vni)
    return lambda text: unicodedata.normalize("NFC", text)


def codec_of(encoding: str) -> str:
    """The codec by which bytes become text, before `decoder`."""
    return {UTF8: "utf-8-sig", UTF16: "utf-16", WINDOWS_1258: "cp1258"}.get(encoding, "latin-1")


def detect(content: bytes) -> str:
    """The encoding of a text file by its first 256 KiB: byte order marks, then what reads best as Vietnamese."""
    head = content[: 256 * 1024]
    if head.startswith(codecs.BOM_UTF8):
        return UTF8
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return UTF16
    if head.isascii():
        return UTF8
    scores = {name: _score(decoded(head, name)) for name in (UTF8, WINDOWS_1258, TCVN3, VNI)}
    return max(scores, key=lambda name: scores[name])


def detect_letters(sample: str) -> str:
    """The same for text out of a spreadsheet: it is Unicode, unless its letters only look right in an old font."""
    if sample.isascii():
        return UNICODE
    scores = {name: _score(decoder(name)(sample)) for name in FOR_XLSX}
    return max(scores, key=lambda name: scores[name])


def decoded(content: bytes, encoding: str) -> str:
    """Bytes as text; what cannot be read becomes UNREADABLE."""
    return decoder(encoding)(content.decode(codec_of(encoding), errors="replace"))


def _legacy(text: str, convert: Callable[[str], str]) -> str:
    latin = as_latin(text)
    return text if latin is None else convert(latin)


def _score(text: str) -> int:
    """How much a text reads like Vietnamese: letters and words that it has, against what it never has."""
    found = 0
    for letter in text:
        if letter.isascii():
            continue
        if letter in _VIETNAMESE:
            found += 1
        elif not letter.isspace():
            found -= 4
    for match in _WORD.finditer(text):
        word = match[0]
        if word.isascii():
            continue
        found += 4 * (word.lower() in _COMMON)
        # A capital within a word, and two tones in one syllable: neither is ever meant.
        found -= 4 * any(one.islower() and two.isupper() for one, two in pairwise(word))
        tones = sum(mark in _MARKS_OF_TONE for mark in unicodedata.normalize("NFD", word))
        found -= 3 * (tones > 1)
    return found
