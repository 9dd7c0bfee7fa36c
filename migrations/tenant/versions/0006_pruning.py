"""Ended links and old invites are pruned as well, and an erasure is not. The SQL stands beside this file."""

from migrations.tenant.sql_file import run_sql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The function in its new form; a replaced function keeps who may call it."""
    run_sql("0006_pruning.sql")


def downgrade() -> None:
    """The function as 0004 has it."""
    run_sql("0006_down.sql")
