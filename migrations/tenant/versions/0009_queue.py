"""The waiting queue, and who may work with it. The SQL stands beside this file."""

from migrations.tenant.sql_file import run_sql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tables, rights, and the permissions of the roles that hospitals have already."""
    run_sql("0009_queue.sql")


def downgrade() -> None:
    """Take it all away, the numbers too."""
    run_sql("0009_queue_down.sql")
