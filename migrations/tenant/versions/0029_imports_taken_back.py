"""Imports can be taken back: patients know which import registered them. The SQL stands beside this file."""

from migrations.tenant.sql_file import run_sql

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The column, filled for the imports before; what takes an import's patients out."""
    run_sql("0029_imports_taken_back.sql")


def downgrade() -> None:
    """Without it: an import that was taken back counts as discarded."""
    run_sql("0029_imports_taken_back_down.sql")
