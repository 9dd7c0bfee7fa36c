"""Imports of patients from files: the file, its rows while somebody looks at them. The SQL stands beside this file."""

from migrations.tenant.sql_file import run_sql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The tables, empty; administrators may import."""
    run_sql("0025_patient_imports.sql")


def downgrade() -> None:
    """Without them; patients who were imported stay."""
    run_sql("0025_patient_imports_down.sql")
