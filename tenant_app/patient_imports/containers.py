"""What a file is by its content, whatever its name says; and whether its inside is what a table may be."""

import io
import re
import zipfile
import zlib
from typing import Final

from kernel.text import N_
from tenant_app.patient_imports.errors import FileRefused

MAX_BYTES: Final = 20 * 1024 * 1024
MAX_ROWS: Final = 100_000
MAX_COLUMNS: Final = 100
# A hundred thousand rows of a spreadsheet unpack to about this; more is no list of patients.
MAX_UNPACKED: Final = 160 * 1024 * 1024
MAX_RATIO: Final = 120
MAX_PARTS: Final = 2_000

EMPTY: Final = N_("The file is empty.")
TOO_LARGE: Final = N_("The file is larger than %(most)s MB. Split it into several.")
PASSWORD: Final = N_("The file is protected by a password. Take the password off, save, and upload it again.")
OLD_EXCEL: Final = N_("This is a file of Excel 97-2003 (.xls). Open it and save it as .xlsx or CSV.")
MACROS: Final = N_("The file holds macros. Save it as .xlsx, which has none.")
NOT_A_TABLE: Final = N_("This is neither an Excel workbook (.xlsx) nor a CSV file, whatever its name says.")
BROKEN: Final = N_("The file is broken. Open it in Excel, save it again, and upload that.")
BOMB: Final = N_("The file unpacks to far more than a list of patients. It was not opened.")
NO_VALUE: Final = N_(
    "Cell %(cell)s has a formula without a value. Open the file in Excel, save it, and upload it again."
)
FORMULA_ERROR: Final = N_("Cell %(cell)s shows an error of a formula. Mend it and upload the file again.")
NO_SHEET: Final = N_("No sheet of the workbook has rows.")

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_BINARY: Final = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"{\\rtf")
_CELL: Final = rb'<c [^>]*?r="([A-Z]{1,3}\d{1,7})"[^>]*?>'
_WITHOUT_VALUE: Final = re.compile(_CELL + rb"<f[^>]*?(?:/>|>[^<]*</f>)(?:<v></v>|<v/>)?</c>")
_ERROR: Final = re.compile(rb'<c (?=[^>]*?t="e")[^>]*?r="([A-Z]{1,3}\d{1,7})"')
_SHEET: Final = re.compile(rb'<sheet [^>]*?r:id="([^"]+)"')
_RELATION: Final = re.compile(rb"<Relationship [^>]*?>")
_CHUNK: Final = 256 * 1024
_OVERLAP: Final = 4096


def kind_of(content: bytes) -> str:
    """`xlsx` or `csv`. Raises FileRefused for everything else, with what it is where that can be told."""
    if not content.strip(b"\0 \r\n\t\xef\xbb\xbf\xff\xfe"):
        raise FileRefused(EMPTY)
    if len(content) > MAX_BYTES:
        raise FileRefused(TOO_LARGE, most=MAX_BYTES // 1024 // 1024)
    if content.startswith(_OLE):
        raise FileRefused(PASSWORD if _ENCRYPTED in content else OLD_EXCEL)
    if content.startswith(b"PK"):
        _refuse_other_archives(content)
        return "xlsx"
    if content.startswith(_BINARY) or content[:512].lstrip().lower().startswith((b"<html", b"<!doctype", b"<?xml")):
        raise FileRefused(NOT_A_TABLE)
    head = content[:4096]
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    if not wide and (b"\0" in head or sum(byte < 32 and byte not in b"\t\r\n\x0c" for byte in head) > len(head) // 50):
        raise FileRefused(NOT_A_TABLE)
    return "csv"


def inspect_xlsx(content: bytes, *, sheet: int | None = None) -> None:
    """Unpack every part once, counting: lies in the archive's directory do not help. Raises FileRefused.

    `sheet` is the index of the sheet that will be read: its formulas must have values.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            wanted = _path_of(archive, sheet) if sheet is not None else None
            unpacked = 0
            for part in archive.infolist():
                unpacked = _read_part(archive, part, unpacked, wanted=part.filename == wanted)
                _refuse_bomb(unpacked, packed=len(content))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as err:
        raise FileRefused(BROKEN) from err


def _refuse_bomb(unpacked: int, *, packed: int) -> None:
    if unpacked > MAX_UNPACKED or unpacked > max(packed, 64 * 1024) * MAX_RATIO:
        raise FileRefused(BOMB)


def _refuse_other_archives(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError) as err:
        raise FileRefused(BROKEN) from err
    names = {part.filename for part in parts}
    if any(part.flag_bits & 0x1 for part in parts):
        raise FileRefused(PASSWORD)
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise FileRefused(BOMB)
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise FileRefused(MACROS)
    if "xl/workbook.xml" not in names or "[Content_Types].xml" not in names:
        raise FileRefused(NOT_A_TABLE)


def _read_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, unpacked: int, *, wanted: bool) -> int:
    tail = b""
    with archive.open(part) as reader:
        while chunk := reader.read(_CHUNK):
            unpacked += len(chunk)
            if unpacked > MAX_UNPACKED:
                return unpacked
            if wanted:
                # With the end of the last piece, so that a cell between two pieces is seen as well.
                tail = _refuse_bad_formulas(tail + chunk)
    return unpacked


def _refuse_bad_formulas(xml: bytes) -> bytes:
    for pattern, reason in ((_WITHOUT_VALUE, NO_VALUE), (_ERROR, FORMULA_ERROR)):
        if found := pattern.search(xml):
            raise FileRefused(reason, cell=found[1].decode("ascii"))
    return xml[-_OVERLAP:]


def _path_of(archive: zipfile.ZipFile, sheet: int) -> str | None:
    """The part that holds the sheet of this index; None where the workbook does not say."""
    try:
        book = archive.read("xl/workbook.xml")
        relations = archive.read("xl/_rels/workbook.xml.rels")
    except KeyError:
        return None
    ids = _SHEET.findall(book)
    if sheet >= len(ids):
        return None
    for relation in _RELATION.findall(relations):
        if b'Id="' + ids[sheet] + b'"' in relation and (target := re.search(rb'Target="([^"]+)"', relation)):
            path = target[1].decode("utf-8", errors="replace")
            return path.lstrip("/") if path.startswith("/") else f"xl/{path}"
    return None
