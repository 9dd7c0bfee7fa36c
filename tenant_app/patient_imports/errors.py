"""Why a file is not taken, and why an import cannot go on."""

from typing import Any

from kernel.errors import Conflict, InvalidFields, TooManyRequests
from kernel.text import N_


class FileRefused(InvalidFields):
    """The file cannot be read as a table of patients; `reason` is a message, `said` what stands in it.

    `row` is the row as a spreadsheet counts, where there is one to name.
    """

    code = "file_refused"
    title = N_("The file cannot be read")

    def __init__(self, reason: str, *, row: int | None = None, **said: Any) -> None:
        super().__init__(reason, errors={"file": [reason]}, data={"row": row} if row else None)
        self.reason = reason
        self.row = row
        self.said = said

    def in_words(self, sentence: str) -> "FileRefused":
        """The same with its reason as a whole sentence in the reader's language."""
        self.errors = {"file": [sentence]}
        return self


class ImportNotReady(Conflict):
    """The import is in another state than this needs."""

    code = "import_not_ready"
    title = N_("The import cannot do this now")
    advice = N_("Look at it again; it goes on by itself, or a colleague was quicker.")


class RowsUndecided(Conflict):
    """Rows have errors, or doubts that nobody has decided; `data` says how many of each."""

    code = "rows_undecided"
    title = N_("Rows still need your decision")
    advice = N_("Mend the file and upload it again, or leave these rows out; decide about each doubtful row.")


class NothingToImport(Conflict):
    """Every row is left out."""

    code = "nothing_to_import"
    title = N_("There is no row left to import")
    advice = N_("Take rows in again, or discard the import.")


class ImportInUse(Conflict):
    """Something was added to patients of the import, so that it cannot be taken back; `data` says how many by what."""

    code = "import_in_use"
    title = N_("This import can no longer be taken back")
    advice = N_("Something was added to its patients. Make single records inactive instead.")


class TooManyImports(TooManyRequests):
    """The hospital has as many open imports as it may have."""

    code = "too_many_imports"
    title = N_("Too many imports are open")
    advice = N_("Finish or discard one of them first.")
