"""Notices for staff, and which of them each wants. The SQL stands beside this file."""

from migrations.tenant.sql_file import run_sql

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table of notices, what writes them, and `event_subscriptions` for what it was specified for."""
    run_sql("0033_notices.sql")


def downgrade() -> None:
    """Without them; no notice is kept."""
    run_sql("0033_notices_down.sql")
