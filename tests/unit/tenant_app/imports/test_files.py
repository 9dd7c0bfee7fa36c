"""What is no table is refused with the reason; what is one is read, whatever its name."""

import io
import zipfile

import pytest

from manage.demo.people import people
from tenant_app.patient_imports import containers, tables
from tenant_app.patient_imports.errors import FileRefused
from tenant_app.patient_imports.headings import heading_row
from tenant_app.patient_imports.samples import samples
from tenant_app.patient_imports.tables import open_table
from tests.support.patient_files import csv_file, line_of, xlsx_file


def repacked(content: bytes, *, without: str = "", **more: bytes) -> bytes:
    """A workbook with parts added or left out."""
    kept = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            if part.filename != without:
                new.writestr(part.filename, old.read(part))
        for name, body in more.items():
            new.writestr(name.replace("__", "/"), body)
    return kept.getvalue()


BOOK = xlsx_file([line_of(each) for each in people(2)])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", containers.EMPTY),
        (b"\xef\xbb\xbf\r\n", containers.EMPTY),
        (b"x" * (containers.MAX_BYTES + 1), containers.TOO_LARGE),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, containers.OLD_EXCEL),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
            containers.PASSWORD,
        ),
        (b"%PDF-1.7 something", containers.NOT_A_TABLE),
        (b"<html><table>", containers.NOT_A_TABLE),
        (b"\x00\x01\x02\x03" * 50, containers.NOT_A_TABLE),
        (BOOK[: len(BOOK) // 2], containers.BROKEN),
        (BOOK[:900] + b"\xff" * 40 + BOOK[940:], containers.BROKEN),
        (repacked(BOOK, xl__vbaProject_bin=b"x").replace(b"vbaProject_bin", b"vbaProject.bin"), containers.MACROS),
        (repacked(BOOK, without="xl/workbook.xml"), containers.NOT_A_TABLE),
        (repacked(BOOK, xl__bomb=b"0" * (containers.MAX_UNPACKED + 1)), containers.BOMB),
        (repacked(BOOK, xl__bomb=b"0" * (20 * 1024 * 1024)), containers.BOMB),
        (xlsx_file([["=1/0|#DIV/0!", "1/1/1990", "Nam"]]), containers.FORMULA_ERROR),
        (xlsx_file([["=A1|", "1/1/1990", "Nam"]]), containers.NO_VALUE),
        (b"a,b\n" + b'x,"y\n' * 3, tables.OPEN_QUOTE),
        (b"a,b\n" + b"x," * 120 + b"x\n", tables.TOO_WIDE),
        (b"a,b\n" + b"x" * 5000 + b",y\n", tables.LONG_CELL),
    ],
)
def test_refused_with_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(FileRefused) as refused:
        list(open_table(content).rows())
    assert refused.value.reason == reason


def test_too_many_rows_are_refused() -> None:
    with pytest.raises(FileRefused) as refused:
        list(open_table(b"a;b\n" + b"1;2\n" * (containers.MAX_ROWS + 1)).rows())
    assert refused.value.reason == tables.TOO_MANY_ROWS


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_separators_are_found(separator: str) -> None:
    rows = [line_of(each) for each in people(4)]
    read = [cells for _, cells in open_table(csv_file(rows, separator=separator)).rows()]
    assert read[1:] == rows


def test_a_line_that_names_the_separator_counts_as_a_row_and_is_none() -> None:
    assert list(open_table(b"sep=;\na;b\n1;2\n").rows()) == [(2, ["a", "b"]), (3, ["1", "2"])]


def test_values_of_formulas_are_used() -> None:
    rows = list(open_table(xlsx_file([["=CONCAT(1)|Nguyễn Văn An", "1/1/1990", "Nam"]])).rows())
    assert rows[1][1][0] == "Nguyễn Văn An"


def test_a_workbook_is_unpacked_once_for_all_the_encodings_that_it_is_shown_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unpacked: list[int | None] = []

    def inspected(content: bytes, *, sheet: int | None = None) -> None:
        unpacked.append(sheet)
        containers.inspect_xlsx(content, sheet=sheet)

    monkeypatch.setattr(tables, "inspect_xlsx", inspected)
    seen = samples(open_table(BOOK))
    assert list(seen) == ["unicode", "tcvn3", "vni"]
    assert unpacked == [None, 0], "all of it for its size, then the sheet for its formulas"


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ([["Danh sách"], ["Họ tên", "Ngày sinh"], ["An", "01/02/1990"]], 1),
        ([["a", "b"], ["An", "01/02/1990"]], 0),
        ([["An", "01/02/1990"], ["Bình", "02/03/1991"]], None),
        ([["An", "1990-02-01"]], None),
        ([], None),
    ],
)
def test_headings_are_found_and_a_patient_is_none(rows: list[list[str]], place: int | None) -> None:
    assert heading_row(list(enumerate(rows, 1))) == place
