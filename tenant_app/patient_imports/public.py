"""What other folders may use of imports."""

from tenant_app.patient_imports.api import begin, nudge, upload_file
from tenant_app.patient_imports.containers import MAX_BYTES, MAX_ROWS
from tenant_app.patient_imports.decoding import ENCODINGS
from tenant_app.patient_imports.errors import FileRefused, ImportInUse, TooManyImports
from tenant_app.patient_imports.headings import COLUMNS, REQUIRED
from tenant_app.patient_imports.models import DECISIONS, PatientImport
from tenant_app.patient_imports.queries import (
    FILTERS,
    Counts,
    ImportLine,
    ImportRow,
    all_rows,
    counts_of,
    list_imports,
    patient_import,
    rows_of,
)
from tenant_app.patient_imports.runner import ImportRunner
from tenant_app.patient_imports.service import check_again, decide, discard, import_all, note_reading, upload
from tenant_app.patient_imports.shown import said_of
from tenant_app.patient_imports.taking_back import Prospect, ask_to_take_back, prospect_of
from tenant_app.patient_imports.workbooks import template_csv, template_xlsx, with_reasons

__all__ = [
    "COLUMNS",
    "DECISIONS",
    "ENCODINGS",
    "FILTERS",
    "MAX_BYTES",
    "MAX_ROWS",
    "REQUIRED",
    "Counts",
    "FileRefused",
    "ImportInUse",
    "ImportLine",
    "ImportRow",
    "ImportRunner",
    "PatientImport",
    "Prospect",
    "TooManyImports",
    "all_rows",
    "ask_to_take_back",
    "begin",
    "check_again",
    "counts_of",
    "decide",
    "discard",
    "import_all",
    "list_imports",
    "note_reading",
    "nudge",
    "patient_import",
    "prospect_of",
    "rows_of",
    "said_of",
    "template_csv",
    "template_xlsx",
    "upload",
    "upload_file",
    "with_reasons",
]
