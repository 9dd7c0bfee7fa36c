"""Whom a patient names to be called is read from the rows, not from their copy. The SQL stands beside this file."""

from migrations.tenant.sql_file import run_sql

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The last function that went by patients.emergency_contact."""
    run_sql("0037_own_people_by_rows.sql")


def downgrade() -> None:
    """By the copy again, which is still written."""
    run_sql("0037_own_people_by_rows_down.sql")
