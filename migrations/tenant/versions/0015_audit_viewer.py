"""Looking through the audit log. The SQL stands beside this file."""

from migrations.tenant.sql_file import run_sql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two indexes on every partition, which a log of a million rows has in a few seconds, and a table."""
    run_sql("0015_audit_viewer.sql")


def downgrade() -> None:
    """Undo."""
    run_sql("0015_audit_viewer_down.sql")
