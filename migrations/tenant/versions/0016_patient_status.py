"""What was said of a patient's status and why; and the day of a death. The SQL stands beside this file."""

from migrations.tenant.sql_file import run_sql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table, empty: nothing is known of who made a patient inactive before."""
    run_sql("0016_patient_status.sql")


def downgrade() -> None:
    """Without it; the status itself stays."""
    run_sql("0016_patient_status_down.sql")
