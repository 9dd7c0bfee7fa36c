"""Files that people take away: the empty template, and an import's rows with what is wrong at the end of each."""

import csv
import io
import tempfile
from collections.abc import Iterable, Sequence
from typing import IO, Final

import xlsxwriter
from flask_babel import gettext

from kernel.text import N_
from tenant_app.patient_imports.headings import COLUMNS, REQUIRED
from tenant_app.patient_imports.queries import ImportRow
from tenant_app.patient_imports.shown import said_of

# The headings of the template are Vietnamese whoever fetches it: it is filled in by colleagues and other programs.
_HEADINGS: Final = {
    "full_name": "Họ và tên",
    "date_of_birth": "Ngày sinh",
    "gender": "Giới tính",
    "cccd": "Số CCCD",
    "bhyt": "Số thẻ BHYT",
    "cmnd": "Số CMND",
    "passport": "Số hộ chiếu",
    "phone": "Số điện thoại",
    "email": "Email",
    "address": "Địa chỉ",
    "blood_type": "Nhóm máu",
    "allergies": "Dị ứng",
    "contact_name": "Người liên hệ",
    "contact_phone": "SĐT người liên hệ",
    "contact_relation": "Quan hệ",
}
# Nobody: the numbers are of the right form and belong to no row of a real file.
_EXAMPLES: Final = (
    {
        "full_name": "Nguyễn Văn Mẫu",
        "date_of_birth": "25/12/1990",
        "gender": "Nam",
        "cccd": "079090000001",
        "phone": "0900000001",
        "address": "12 Lê Lợi, phường Sài Gòn, TP. Hồ Chí Minh",
        "blood_type": "O+",
        "allergies": "Penicillin; tôm",
        "contact_name": "Trần Thị Mẫu",
        "contact_phone": "0900000002",
        "contact_relation": "Vợ",
    },
    {
        "full_name": "Lê Thị Thí Dụ",
        "date_of_birth": "03/02/2015",
        "gender": "Nữ",
        "bhyt": "TE1790000000001",
        "address": "5 Trần Phú, phường Hải Châu, Đà Nẵng",
        "contact_name": "Lê Văn Thí Dụ",
        "contact_phone": "0900000003",
        "contact_relation": "Cha",
    },
)
_NOTES: Final = {
    "full_name": N_("Needed. Family name first, with diacritics."),
    "date_of_birth": N_("Needed. Day/month/year, such as 25/12/1990. A year alone is not enough."),
    "gender": N_("Needed. Nam, Nữ or Khác."),
    "cccd": N_("12 digits, as text: Excel drops leading zeros of numbers."),
    "bhyt": N_("As on the card: 15, 12 or 10 characters."),
    "phone": N_("As text, with its leading zero."),
    "allergies": N_("Several with a semicolon between them."),
    "blood_type": N_("A+, A-, B+, B-, AB+, AB-, O+ or O-."),
    "contact_name": N_("Name and phone together, or neither."),
}
_IN_MEMORY: Final = 2 * 1024 * 1024
_WIDTHS: Final = {"full_name": 26, "address": 42, "cccd": 16, "bhyt": 18, "contact_name": 22, "contact_phone": 20}


def template_xlsx() -> IO[bytes]:
    """The template: headings, two examples, and a sheet that says what goes where."""
    kept = io.BytesIO()
    with xlsxwriter.Workbook(kept, {"in_memory": True, "strings_to_formulas": False}) as book:
        head = book.add_format({"bold": True, "bg_color": "#D5EBE8", "border": 1, "num_format": "@"})
        as_text = book.add_format({"num_format": "@"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        sheet = book.add_worksheet("Bệnh nhân")
        sheet.freeze_panes(1, 1)
        for place, column in enumerate(COLUMNS):
            # Text in every column, so that Excel neither drops zeros nor makes days of what is typed.
            sheet.set_column(place, place, _WIDTHS.get(column, 15), as_text)
            star = "*" if column in REQUIRED else ""
            sheet.write_string(0, place, f"{_HEADINGS[column]}{star}", head)
            for number, example in enumerate(_EXAMPLES, 1):
                sheet.write_string(number, place, example.get(column, ""), as_text)
        notes = book.add_worksheet("Hướng dẫn")
        notes.set_column(0, 0, 24, wrapped)
        notes.set_column(1, 1, 80, wrapped)
        for number, (column, note) in enumerate(_NOTES.items()):
            notes.write_string(number, 0, _HEADINGS[column], wrapped)
            notes.write_string(number, 1, gettext(note), wrapped)
        notes.write_string(len(_NOTES) + 1, 0, gettext("The two rows in the first sheet are examples: delete them."))
    kept.seek(0)
    return kept


def template_csv() -> IO[bytes]:
    """The same without the notes, in UTF-8 as Excel knows it."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow([_HEADINGS[column] for column in COLUMNS])
    for example in _EXAMPLES:
        table.writerow([example.get(column, "") for column in COLUMNS])
    return io.BytesIO(text.getvalue().encode("utf-8-sig"))


def with_reasons(headings: Sequence[str], rows: Iterable[ImportRow]) -> IO[bytes]:
    """The rows as they were, with a column of reasons; wrong rows are coloured. Written row by row, never held."""
    kept = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - it lives as long as the answer.
    with xlsxwriter.Workbook(kept, {"constant_memory": True, "strings_to_formulas": False}) as book:
        head = book.add_format({"bold": True, "num_format": "@"})
        as_text = book.add_format({"num_format": "@"})
        wrong = book.add_format({"num_format": "@", "bg_color": "#FBE3DF"})
        sheet = book.add_worksheet("Bệnh nhân")
        sheet.set_column(0, len(headings), 18, as_text)
        sheet.set_column(len(headings), len(headings), 70, as_text)
        for place, heading in enumerate((*headings, gettext("What is wrong"))):
            sheet.write_string(0, place, heading, head)
        for number, row in enumerate(rows, 1):
            tone = wrong if row.wrong else as_text
            for place, cell in enumerate(row.cells[: len(headings)]):
                sheet.write_string(number, place, cell, tone)
            sheet.write_string(number, len(headings), reasons_of(row), tone)
    kept.seek(0)
    return kept


def reasons_of(row: ImportRow) -> str:
    """All that is said of a row, each with its column."""
    said = []
    for each in row.problems:
        name = COLUMNS.get(each["column"] or "")
        said.append((f"{gettext(name)}: " if name else "") + said_of(each["message"], each["said"]))
    return "; ".join(said)
