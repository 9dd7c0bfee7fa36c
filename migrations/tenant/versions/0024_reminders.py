"""Reminders of appointments, patients' wishes about them, and who did not come. The SQL stands beside this file."""

from migrations.tenant.sql_file import run_sql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tables, the trigger that plans, the functions of the jobs, and the permission of the roles that there are."""
    run_sql("0024_reminders.sql")


def downgrade() -> None:
    """Take it all away; appointments to which nobody came become cancelled ones."""
    run_sql("0024_reminders_down.sql")
