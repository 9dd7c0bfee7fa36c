"""Files in the encodings of three decades: what was written comes back, and the encoding is found."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_app.patient_imports.decoding import (
    FOR_CSV,
    TCVN3,
    UTF8,
    UTF16,
    VNI,
    WINDOWS_1258,
    decoded,
    decoder,
    detect,
    detect_letters,
)
from tenant_app.patient_imports.legacy import from_tcvn3, from_vni, to_tcvn3, to_vni
from tests.support.patient_files import in_windows_1258

NAMES = "Họ và tên;Ngày sinh\nNguyễn Thị Đào;1/2/1990\nTrần Văn Ước;3/4/1980\nPhạm Quỳnh Như;5/6/1970\nLê Hoàng Yến"
LETTERS = "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệghiìỉĩíịklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvxyỳỷỹýỵ "
texts = st.text(alphabet=LETTERS + LETTERS.upper(), max_size=60)


@given(st.text(alphabet=LETTERS + "ĂÂÊÔƠƯĐ", max_size=60))
def test_tcvn3_comes_back(text: str) -> None:
    """Capitals with tones have no place of their own in its fonts."""
    assert from_tcvn3(to_tcvn3(text)) == unicodedata.normalize("NFC", text)


@given(st.text(alphabet="aàảãáạăằẳẵắặâầẩẫấậ bcdđ eèẻẽéẹêềểễếệ ghn", max_size=40))
def test_vni_comes_back(text: str) -> None:
    assert from_vni(to_vni(text)) == unicodedata.normalize("NFC", text)


@given(texts)
def test_windows_1258_comes_back_with_tones_as_marks(text: str) -> None:
    assert decoded(in_windows_1258(text), WINDOWS_1258) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (NAMES.encode(), UTF8),
        (NAMES.encode("utf-8-sig"), UTF8),
        (unicodedata.normalize("NFD", NAMES).encode(), UTF8),
        (NAMES.encode("utf-16"), UTF16),
        (in_windows_1258(NAMES), WINDOWS_1258),
        (to_tcvn3(NAMES).encode("latin-1"), TCVN3),
        (to_vni(NAMES).encode("latin-1"), VNI),
        (b"only,plain,letters", UTF8),
    ],
)
def test_the_encoding_is_found_and_names_read(content: bytes, encoding: str) -> None:
    assert detect(content) == encoding
    if not content.isascii():
        assert decoded(content, encoding).removeprefix("\ufeff") == NAMES


@pytest.mark.parametrize("encoding", [TCVN3, VNI])
def test_old_fonts_in_a_workbook_are_found_by_their_letters(encoding: str) -> None:
    seen = (to_tcvn3 if encoding == TCVN3 else to_vni)(NAMES).encode("latin-1").decode("cp1252", errors="ignore")
    assert detect_letters(seen) == encoding
    assert "Nguyễn Thị Đào" in decoder(encoding)(seen)


@given(st.binary(max_size=300))
def test_no_bytes_bring_it_down(content: bytes) -> None:
    assert detect(content) in FOR_CSV
    for encoding in FOR_CSV:
        assert isinstance(decoded(content, encoding), str)
