"""Patients read their own allergies through row security. The SQL stands beside this file."""

from migrations.tenant.sql_file import run_sql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The policies and the portal's right to the columns that concern a patient."""
    run_sql("0014_own_allergies.sql")


def downgrade() -> None:
    """Only staff again."""
    run_sql("0014_own_allergies_down.sql")
