"""The patient's own number in the waiting line, for the patient portal. The SQL stands beside this file."""

from migrations.tenant.sql_file import run_sql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Three functions for the portal's role."""
    run_sql("0030_own_queue_number.sql")


def downgrade() -> None:
    """Without them."""
    run_sql("0030_own_queue_number_down.sql")
