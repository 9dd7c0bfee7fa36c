"""Filters of lists that members of staff keep for themselves. The SQL stands beside this file."""

from migrations.tenant.sql_file import run_sql

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table and its rights."""
    run_sql("0038_saved_filters.sql")


def downgrade() -> None:
    """Without it; no filter is kept."""
    run_sql("0038_saved_filters_down.sql")
