"""What the beginning of a file reads like in each encoding that it may have, for somebody to choose by. Pure."""

from typing import Any, Final

from tenant_app.patient_imports.decoding import FOR_CSV, FOR_XLSX, UNREADABLE
from tenant_app.patient_imports.errors import FileRefused
from tenant_app.patient_imports.headings import guess, heading_row
from tenant_app.patient_imports.tables import SAMPLE_ROWS, Table
from tenant_app.patient_imports.values import text_of

SHOWN: Final = 5
LONGEST: Final = 80


def samples(table: Table) -> dict[str, dict[str, Any]]:
    """Encoding → `heading_row`, `headings`, `rows` (the first few below it), `mapping` (what the columns seem to be).

    Encodings in which the beginning cannot be read at all are left out; that of `table` comes first.
    """
    found: dict[str, dict[str, Any]] = {}
    others = FOR_CSV if table.kind == "csv" else FOR_XLSX
    for encoding in dict.fromkeys((table.encoding, *others)):
        try:
            seen = [row for row, _ in zip(table.read_as(encoding).rows(), range(SAMPLE_ROWS), strict=False)]
        except (FileRefused, UnicodeError):
            if encoding == table.encoding:
                raise
            continue
        rows = [(number, [text_of(cell)[:LONGEST] for cell in cells]) for number, cells in seen]
        if encoding != table.encoding and any(UNREADABLE in cell for _, cells in rows[:SHOWN] for cell in cells):
            continue
        found[encoding] = _sample(rows)
    return found


def _sample(rows: list[tuple[int, list[str]]]) -> dict[str, Any]:
    place = heading_row(rows)
    number, headings = 1, list[str]()
    if place is not None:
        number, headings = rows[place]
    elif rows:
        # Nothing stands above the first patient: the row to begin below is the one before.
        number = rows[0][0] - 1
    first = 0 if place is None else place + 1
    below = [cells for _, cells in rows[first : first + SHOWN]]
    width = max([len(headings), *map(len, below)])
    padded = headings + [""] * (width - len(headings))
    return {
        "heading_row": number,
        "headings": padded,
        "rows": [cells + [""] * (width - len(cells)) for cells in below],
        "mapping": guess(padded),
    }
