"""What the jobs prune, and audit rows that cannot name their own transaction. The SQL stands beside this file."""

from alembic import op

from migrations.tenant.sql_file import run_sql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make everything. Without parameters the driver sends a file of several statements as it is."""
    run_sql("0004_jobs.sql")


def downgrade() -> None:
    """Undo; `grant_hospital_core` gives the wider rights again at the next upgrade."""
    op.execute("DROP FUNCTION grant_jobs(name, name, name, name)")
    op.execute("DROP FUNCTION prune_expired(integer)")
    op.execute("ALTER TABLE audit_seals ALTER COLUMN signature DROP NOT NULL, ALTER COLUMN key_id DROP NOT NULL")
