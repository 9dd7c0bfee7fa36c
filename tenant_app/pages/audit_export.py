"""The access log as a table for other programs: CSV, or a workbook; neither runs anything when it is opened."""

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import IO, Final

import xlsxwriter
from flask_babel import gettext, ngettext

from kernel.clock import LOCAL_ZONE
from tenant_app.audit.public import LogRow
from tenant_app.pages.audit_words import field_name, sentence, what, who

MOST_ROWS: Final = 50_000
# Up to this size the table is kept in memory, a larger one in a file that has no name.
_IN_MEMORY: Final = 2 * 1024 * 1024
# How a spreadsheet takes a cell for a formula. A name, a browser's name or a changed value may begin with one.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_WIDTHS: Final = (19, 24, 16, 60, 28, 12, 14, 26, 30, 16, 40, 30, 38)

Table = tuple[IO[bytes], int]


def plain_cell(value: object) -> str:
    """The text of a cell of CSV, with a quote before what a spreadsheet would take for a formula."""
    text = _text(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def as_csv(rows: Iterable[LogRow], *, most: int = MOST_ROWS) -> Table:
    """The rows as CSV in UTF-8 with a byte order mark, which spreadsheets need; and how many there are.

    Where there are more than `most`, the last line says so.
    """
    # It lives as long as the answer that is sent from it, which closes it.
    kept = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - see above.
    text = io.TextIOWrapper(kept, encoding="utf-8-sig", newline="", write_through=True)
    table = csv.writer(text)
    table.writerow(_titles())
    lines = _Lines(rows, most)
    for cells in lines:
        table.writerow([plain_cell(each) for each in cells])
    text.flush()
    text.detach()
    kept.seek(0)
    return kept, lines.count


def as_workbook(rows: Iterable[LogRow], *, most: int = MOST_ROWS) -> Table:
    """The same as an XLSX workbook, whose cells are texts whatever they begin with; times are times."""
    kept = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - as above.
    lines = _Lines(rows, most)
    # Written row by row, never held.
    with xlsxwriter.Workbook(kept, {"constant_memory": True}) as book:
        head = book.add_format({"bold": True, "bottom": 1})
        moment = book.add_format({"num_format": "dd/mm/yyyy hh:mm:ss"})
        sheet = book.add_worksheet(gettext("Access log"))
        sheet.freeze_panes(1, 0)
        for place, (title, width) in enumerate(zip(_titles(), _WIDTHS, strict=True)):
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, title, head)
        for number, cells in enumerate(lines, 1):
            for place, cell in enumerate(cells):
                if isinstance(cell, datetime):
                    sheet.write_datetime(number, place, cell.replace(tzinfo=None), moment)
                else:
                    sheet.write_string(number, place, _text(cell))
        sheet.autofilter(0, 0, lines.count, len(_WIDTHS) - 1)
    kept.seek(0)
    return kept, lines.count


# What people may ask for: how it is made, and what it is.
FORMATS: Final[Mapping[str, tuple[Callable[[Iterable[LogRow]], Table], str]]] = {
    "csv": (as_csv, "text/csv"),
    "xlsx": (as_workbook, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


class _Lines:
    """The cells of each row, and after `most` rows one that says that there are more; `count` without that one."""

    def __init__(self, rows: Iterable[LogRow], most: int) -> None:
        self._rows = rows
        self._most = most
        self.count = 0

    def __iter__(self) -> Iterator[Sequence[object]]:
        for row in self._rows:
            if self.count == self._most:
                yield [
                    ngettext(
                        "Only the newest %(num)d row is in this file.",
                        "Only the newest %(num)d rows are in this file.",
                        self._most,
                    )
                ]
                return
            self.count += 1
            yield _cells(row)


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return "" if value is None else str(value)


def _titles() -> Sequence[str]:
    return [
        gettext("Time"),
        gettext("Who"),
        gettext("User name"),
        gettext("What happened"),
        gettext("Action"),
        gettext("Result"),
        gettext("Patient code"),
        gettext("Patient"),
        gettext("Fields"),
        gettext("Address"),
        gettext("Program"),
        gettext("Request"),
        gettext("Row"),
    ]


def _cells(row: LogRow) -> Sequence[object]:
    return [
        row.created_at.astimezone(LOCAL_ZONE),
        who(row),
        row.username,
        sentence(row),
        what(row.action),
        gettext("Failed") if row.failed else gettext("Done"),
        row.patient_code,
        row.patient_name,
        ", ".join(map(field_name, row.changed)),
        row.ip_address,
        row.user_agent,
        row.request_id,
        row.id,
    ]
