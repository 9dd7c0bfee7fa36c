"""Files of patients as hospitals have them: CSV in the encodings of three decades, and workbooks."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import xlsxwriter

from manage.demo.people import Person

HEADINGS = ("Họ và tên", "Ngày sinh", "Giới tính", "Số CCCD", "Số điện thoại", "Địa chỉ")
_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")


def line_of(who: Person, **other: Any) -> list[Any]:
    """A person as a row under HEADINGS."""
    cells: dict[str, Any] = {
        "name": who.full_name,
        "born": who.date_of_birth.strftime("%d/%m/%Y"),
        "gender": {"male": "Nam", "female": "Nữ"}.get(who.gender, "Khác"),
        "cccd": who.cccd,
        "phone": who.phone,
        "address": "12 Lê Lợi, Quận 1",
        **other,
    }
    return list(cells.values())


def csv_file(
    rows: Iterable[Sequence[Any]],
    *,
    headings: Sequence[str] = HEADINGS,
    encoding: str = "utf-8-sig",
    separator: str = ",",
) -> bytes:
    """Text with separators."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
    writer.writerow(headings)
    writer.writerows([[_text(cell) for cell in row] for row in rows])
    if encoding == "windows-1258":
        return in_windows_1258(text.getvalue())
    return text.getvalue().encode(encoding)


def in_windows_1258(text: str) -> bytes:
    """As Vietnamese Windows wrote it: letters with their shape, tones as marks after them."""
    written = []
    for letter in unicodedata.normalize("NFC", text):
        parts = unicodedata.normalize("NFD", letter)
        shape = unicodedata.normalize("NFC", "".join(part for part in parts if part not in _TONES))
        tones = "".join(part for part in parts if part in _TONES)
        try:
            written.append(letter.encode("cp1258"))
        except UnicodeEncodeError:
            written.append((shape + tones).encode("cp1258"))
    return b"".join(written)


def xlsx_file(
    rows: Iterable[Sequence[Any]], *, headings: Sequence[str] = HEADINGS, above: Sequence[Sequence[Any]] = ()
) -> bytes:
    """A workbook; days are real days, and a cell `=…` is a formula with its value after a bar: `=1+1|2`."""
    kept = io.BytesIO()
    book = xlsxwriter.Workbook(kept, {"in_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet("Bệnh nhân")
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    for number, row in enumerate((*above, headings, *rows)):
        for place, cell in enumerate(row):
            if isinstance(cell, date):
                sheet.write_datetime(number, place, cell, day)
            elif isinstance(cell, str) and cell.startswith("=") and "|" in cell:
                formula, _, value = cell.partition("|")
                sheet.write_formula(number, place, formula, None, value)
            else:
                sheet.write(number, place, cell)
    book.close()
    return kept.getvalue()


def _text(cell: Any) -> str:
    return cell.strftime("%d/%m/%Y") if isinstance(cell, date) else str(cell)
