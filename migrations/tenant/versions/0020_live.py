"""Who is connected for live updates, and what each connection follows. The SQL stands beside this file."""

from migrations.tenant.sql_file import run_sql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The two tables and their rights."""
    run_sql("0020_live.sql")


def downgrade() -> None:
    """Without them; nothing in them is kept."""
    run_sql("0020_live_down.sql")
