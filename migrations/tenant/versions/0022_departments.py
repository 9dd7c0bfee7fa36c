"""The order of departments, and closing them. The SQL stands beside this file."""

from migrations.tenant.sql_file import run_sql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A column, and triggers that refuse what would hang on a closed department."""
    run_sql("0022_departments.sql")


def downgrade() -> None:
    """Undo."""
    run_sql("0022_departments_down.sql")
