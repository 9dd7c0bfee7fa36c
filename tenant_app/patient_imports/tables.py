"""A file as rows of cells, read one after the other: a file of the largest size never stands in memory twice."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Final, Protocol

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, XmlError, ZipError

from kernel.text import N_
from tenant_app.patient_imports.containers import (
    BROKEN,
    MAX_COLUMNS,
    MAX_ROWS,
    NO_SHEET,
    PASSWORD,
    inspect_xlsx,
    kind_of,
)
from tenant_app.patient_imports.decoding import codec_of, decoder, detect, detect_letters
from tenant_app.patient_imports.errors import FileRefused

Cell = str | int | float | bool | date | datetime | time | timedelta | None
Row = tuple[int, list[Cell]]

SEPARATORS: Final = (";", ",", "\t", "|")
SAMPLE_ROWS: Final = 200
LONGEST_CELL: Final = 4_000

TOO_MANY_ROWS: Final = N_("The file has more than %(most)s rows. Split it into several.")
TOO_WIDE: Final = N_("A row has more than %(most)s columns.")
OPEN_QUOTE: Final = N_("A quotation mark is opened and never closed, or stands in the middle of a cell.")
LONG_CELL: Final = N_("A cell is longer than %(most)s characters.")


class Table(Protocol):
    """A file opened: `rows` reads it from its beginning each time, rows numbered as a spreadsheet does."""

    kind: str
    encoding: str

    @property
    def height(self) -> int:
        """About how many rows there are: to show how far reading has come."""
        ...

    def read_as(self, encoding: str) -> "Table":
        """The same file in another encoding, not unpacked again."""
        ...

    def rows(self) -> Iterator[Row]:
        """All rows that hold something. Raises FileRefused where the file breaks off or does not keep to the limits."""
        ...


def open_table(content: bytes, *, encoding: str | None = None) -> Table:
    """The file by what it is; `encoding` as somebody chose it, or None to find it. Raises FileRefused."""
    if kind_of(content) == "csv":
        chosen = encoding or detect(content)
        return CsvTable(content=content, encoding=chosen, separator=_separator(content, chosen))
    return _open_xlsx(content, encoding)


@dataclass
class CsvTable:
    """Text with separators."""

    content: bytes = field(repr=False)
    encoding: str
    separator: str
    kind: str = "csv"

    @property
    def height(self) -> int:
        """See Table."""
        return self.content.count(b"\n") + 1

    def read_as(self, encoding: str) -> "CsvTable":
        """See Table."""
        return replace(self, encoding=encoding, separator=_separator(self.content, encoding))

    def rows(self) -> Iterator[Row]:
        """See Table."""
        reader = csv.reader(self._lines(), delimiter=self.separator, strict=True)
        number = 0
        try:
            for number, cells in enumerate(reader, 1):
                if any(cell.strip() for cell in cells):
                    yield number, _within_limits(number, list(cells))
        except csv.Error as err:
            raise FileRefused(OPEN_QUOTE, row=number + 1) from err

    def _lines(self) -> Iterator[str]:
        convert = decoder(self.encoding)
        with io.TextIOWrapper(
            io.BytesIO(self.content), encoding=codec_of(self.encoding), errors="replace", newline=""
        ) as text:
            for line in text:
                # A separator that Excel announces in the first line is no row, but counts as one there.
                yield "" if line.lower().startswith("sep=") and len(line) < 8 else convert(line)


@dataclass
class XlsxTable:
    """The first sheet of a workbook that has rows."""

    sheet: CalamineSheet
    encoding: str
    kind: str = "xlsx"

    @property
    def height(self) -> int:
        """See Table."""
        return self.sheet.total_height

    def read_as(self, encoding: str) -> "XlsxTable":
        """See Table."""
        return replace(self, encoding=encoding)

    def rows(self) -> Iterator[Row]:
        """See Table."""
        convert = decoder(self.encoding)
        empty: list[Cell] = [None] * (self.sheet.start[1] if self.sheet.start else 0)
        for number, cells in enumerate(self.sheet.iter_rows(), 1):
            if any(cell != "" for cell in cells):
                read: list[Cell] = [convert(cell) if isinstance(cell, str) else cell for cell in cells]
                yield number, _within_limits(number, empty + read)


def _open_xlsx(content: bytes, encoding: str | None) -> Table:
    inspect_xlsx(content)
    try:
        book = CalamineWorkbook.from_object(io.BytesIO(content))
        for index in range(len(book.sheet_names)):
            sheet = book.get_sheet_by_index(index)
            if sheet.start is None:
                continue
            inspect_xlsx(content, sheet=index)
            table = XlsxTable(sheet=sheet, encoding=encoding or "")
            if not table.encoding:
                table.encoding = detect_letters(_letters(table))
            return table
    except PasswordError as err:
        raise FileRefused(PASSWORD) from err
    except (CalamineError, XmlError, ZipError, ValueError) as err:
        raise FileRefused(BROKEN) from err
    raise FileRefused(NO_SHEET)


def _letters(table: XlsxTable) -> str:
    rows = (cells for (_, cells), _ in zip(table.rows(), range(SAMPLE_ROWS), strict=False))
    return "\n".join(cell for cells in rows for cell in cells if isinstance(cell, str))


def _within_limits(number: int, cells: list[Cell]) -> list[Cell]:
    if number > MAX_ROWS + 1:
        raise FileRefused(TOO_MANY_ROWS, most=MAX_ROWS)
    while cells and cells[-1] in {"", None}:
        cells.pop()
    if len(cells) > MAX_COLUMNS:
        raise FileRefused(TOO_WIDE, row=number, most=MAX_COLUMNS)
    if any(isinstance(cell, str) and len(cell) > LONGEST_CELL for cell in cells):
        raise FileRefused(LONG_CELL, row=number, most=LONGEST_CELL)
    return cells


def _separator(content: bytes, encoding: str) -> str:
    """The one that cuts the first rows into the most columns, the same number in most of them."""
    head = content[: 64 * 1024].decode(codec_of(encoding), errors="replace")
    if head[:4].lower() == "sep=" and head[4:5] in SEPARATORS:
        return head[4]
    lines = [line for line in head.splitlines() if line.strip()][:50]
    best, most = ";", 0
    for separator in SEPARATORS:
        try:
            widths = [len(cells) for cells in csv.reader(lines, delimiter=separator)]
        except csv.Error:
            continue
        usual = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
        worth = (usual > 1) * widths.count(usual) * min(usual, 40)
        if worth > most:
            best, most = separator, worth
    return best
