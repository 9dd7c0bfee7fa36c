"""Imports that are over keep nothing of their patients; those whose process died are ended. SQL beside this file."""

from migrations.tenant.sql_file import run_sql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What finished imports still held of patients goes."""
    run_sql("0028_imports_forget.sql")


def downgrade() -> None:
    """The pruning as it was; what went does not come back."""
    run_sql("0028_imports_forget_down.sql")
