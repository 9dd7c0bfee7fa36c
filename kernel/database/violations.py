"""Constraints are the truth: what the database refused, by the constraint's name."""

from sqlalchemy.exc import DBAPIError


def violated(error: DBAPIError) -> str | None:
    """The name of the constraint that refused the row, or None where it was something else."""
    diagnostics = getattr(error.orig, "diag", None)
    name = getattr(diagnostics, "constraint_name", None)
    return str(name) if name else None
