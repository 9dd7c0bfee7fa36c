"""A child's reminders go to the guardian, old ones are forgotten, absences are told. The SQL is beside this file."""

from migrations.tenant.sql_file import run_sql

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Functions, an index, and who may call what."""
    run_sql("0032_reminded_guardians.sql")


def downgrade() -> None:
    """Patients themselves are reminded again, and nothing is forgotten."""
    run_sql("0032_reminded_guardians_down.sql")
