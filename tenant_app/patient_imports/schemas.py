"""Bodies and answers about imports."""

from typing import Any

import marshmallow as ma

from tenant_app.patient_imports.decoding import ENCODINGS
from tenant_app.patient_imports.headings import COLUMNS
from tenant_app.patient_imports.models import DECISIONS, FILE_KINDS, STATES
from tenant_app.patient_imports.queries import FILTERS
from tenant_app.patient_imports.shown import said_of
from tenant_app.patient_imports.taking_back import REASONS
from tenant_app.schemas import Body, Listed, page_answer

MOST_ROWS_AT_ONCE = 1_000


class FileForm(ma.Schema):
    """A form with a file: `multipart/form-data`."""

    class Meta:
        unknown = ma.EXCLUDE

    file = ma.fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


class CheckBody(Body):
    """How the file is to be read; what is left out stays as it is."""

    encoding = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.OneOf(list(ENCODINGS)))
    mapping = ma.fields.List(
        ma.fields.String(allow_none=True, validate=ma.validate.OneOf(list(COLUMNS))),
        load_default=None,
        allow_none=True,
        validate=ma.validate.Length(max=100),
    )


class RowDecisionBody(Body):
    """Rows to leave out or take in: named, or all that are `wrong` or `doubtful`."""

    decision = ma.fields.String(required=True, allow_none=True, validate=ma.validate.OneOf(DECISIONS))
    rows = ma.fields.List(
        ma.fields.Integer(strict=True, validate=ma.validate.Range(1, 1_000_000)),
        load_default=list,
        validate=ma.validate.Length(max=MOST_ROWS_AT_ONCE),
    )
    which = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.OneOf(("wrong", "doubtful")))


class RowsAsked(Listed):
    """Which rows."""

    which = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.OneOf(list(FILTERS)))


class CountsAnswer(ma.Schema):
    """Rows by what they need; `wrong` and `doubtful` are those that nobody has decided about."""

    total = ma.fields.Integer()
    wrong = ma.fields.Integer()
    doubtful = ma.fields.Integer()
    skipped = ma.fields.Integer()
    chosen = ma.fields.Integer()


class FailureAnswer(ma.Schema):
    """Why the file could not be read, or the last try to import was refused."""

    message = ma.fields.Function(lambda failure: said_of(failure["message"], failure["said"]))
    row = ma.fields.Function(lambda failure: failure.get("row"))


def _samples(found: Any) -> Any:
    return found["samples"] if isinstance(found, dict) else found.samples


class ImportAnswer(ma.Schema):
    """An import."""

    id = ma.fields.UUID()
    file_name = ma.fields.String()
    file_kind = ma.fields.String(validate=ma.validate.OneOf(FILE_KINDS))
    file_bytes = ma.fields.Integer()
    state = ma.fields.String(validate=ma.validate.OneOf(STATES))
    encoding = ma.fields.String()
    encodings = ma.fields.Function(lambda found: list(_samples(found)))
    heading_row = ma.fields.Integer()
    headings = ma.fields.List(ma.fields.String())
    mapping = ma.fields.List(ma.fields.String(allow_none=True))
    rows_total = ma.fields.Integer()
    rows_done = ma.fields.Integer()
    failure = ma.fields.Nested(FailureAnswer, allow_none=True)
    created_at = ma.fields.AwareDateTime()
    expires_at = ma.fields.AwareDateTime()
    committed_at = ma.fields.AwareDateTime(allow_none=True)
    taken_back_at = ma.fields.AwareDateTime(allow_none=True)


class ImportWithCounts(ImportAnswer):
    """An import with how many of its rows need what; `counts` is null while there are no rows to look at."""

    counts = ma.fields.Nested(CountsAnswer, allow_none=True)


class ProblemAnswer(ma.Schema):
    """What is wrong at a cell; `column` is null where it is about the whole row."""

    level = ma.fields.String(validate=ma.validate.OneOf(("error", "doubt", "note")))
    column = ma.fields.String(allow_none=True)
    message = ma.fields.String()


class RowAnswer(ma.Schema):
    """A row as it stands in the file."""

    row_number = ma.fields.Integer()
    cells = ma.fields.List(ma.fields.String())
    wrong = ma.fields.Boolean()
    doubtful = ma.fields.Boolean()
    decision = ma.fields.String(allow_none=True)
    problems = ma.fields.Function(
        lambda row: [
            {
                "level": each["level"],
                "column": each["column"],
                "message": said_of(each["message"], each["said"]),
            }
            for each in row.problems
        ],
        metadata={"type": "array", "items": {"type": "object"}},
    )


class InTheWayAnswer(ma.Schema):
    """A patient to whom something was added, and what: `changed`, `appointment`, `queue`, `portal`."""

    patient_id = ma.fields.UUID()
    patient_code = ma.fields.String()
    reasons = ma.fields.List(ma.fields.String(validate=ma.validate.OneOf(REASONS)))


class ProspectAnswer(ma.Schema):
    """Whether a finished import can be taken back; `counts` has how many patients stand in the way, by reason.

    `items` names the first of them; `untraced` are patients that cannot be told to be of this import.
    """

    possible = ma.fields.Boolean()
    patients = ma.fields.Integer()
    untraced = ma.fields.Integer()
    counts = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer())
    items = ma.fields.List(ma.fields.Nested(InTheWayAnswer), attribute="named")


class DecidedAnswer(ma.Schema):
    """How many rows it changed."""

    rows = ma.fields.Integer()


ImportsAnswer = page_answer("PatientImports", ImportAnswer)
RowsAnswer = page_answer("PatientImportRows", RowAnswer)
