"""The access log as a table for other programs: CSV that a spreadsheet opens without running anything in it."""

import csv
import io
import tempfile
from collections.abc import Iterable, Sequence
from typing import IO, Final

from flask_babel import gettext, ngettext

from kernel.clock import LOCAL_ZONE
from tenant_app.audit.public import LogRow
from tenant_app.pages.audit_words import field_name, sentence, what, who

MOST_ROWS: Final = 50_000
# Up to this size the table is kept in memory, a larger one in a file that has no name.
_IN_MEMORY: Final = 2 * 1024 * 1024
# How a spreadsheet takes a cell for a formula. A name, a browser's name or a changed value may begin with one.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def plain_cell(value: object) -> str:
    """The text of a cell, with a quote before what a spreadsheet would take for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def as_table(rows: Iterable[LogRow], *, most: int = MOST_ROWS) -> tuple[IO[bytes], int]:
    """The rows as CSV in UTF-8 with a byte order mark, which spreadsheets need; and how many there are.

    Where there are more than `most`, the last line says so.
    """
    # It lives as long as the answer that is sent from it, which closes it.
    kept = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - see above.
    text = io.TextIOWrapper(kept, encoding="utf-8-sig", newline="", write_through=True)
    table = csv.writer(text)
    table.writerow(_titles())
    count = 0
    for row in rows:
        if count == most:
            said = ngettext(
                "Only the newest %(num)d row is in this file.", "Only the newest %(num)d rows are in this file.", most
            )
            table.writerow([plain_cell(said)])
            break
        table.writerow([plain_cell(each) for each in _cells(row)])
        count += 1
    text.flush()
    text.detach()
    kept.seek(0)
    return kept, count


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
        row.created_at.astimezone(LOCAL_ZONE).isoformat(sep=" ", timespec="seconds"),
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
