"""The second factor of staff and patients, and the roles that need one. The SQL stands beside this file."""

from migrations.tenant.sql_file import run_sql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Columns, recovery codes, who may use them, and the new permission of administrators."""
    run_sql("0021_second_factor.sql")


def downgrade() -> None:
    """Undo. An account whose factor was on stays closed to the version before, which opens none with a factor."""
    run_sql("0021_second_factor_down.sql")
