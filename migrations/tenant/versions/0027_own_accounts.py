"""Sealed settings: a hospital's own accounts for sending. The SQL stands beside this file."""

from migrations.tenant.sql_file import run_sql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Columns, what the jobs may call, and their sight of the data keys."""
    run_sql("0027_own_accounts.sql")


def downgrade() -> None:
    """Take it away; such accounts are lost."""
    run_sql("0027_own_accounts_down.sql")
