"""Notices for patients in their portal. The SQL stands beside this file."""

from migrations.tenant.sql_file import run_sql

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table of patients' notices, what writes them, and their pruning."""
    run_sql("0035_patient_notifications.sql")


def downgrade() -> None:
    """Without them; no patient's notice is kept."""
    run_sql("0035_patient_notifications_down.sql")
