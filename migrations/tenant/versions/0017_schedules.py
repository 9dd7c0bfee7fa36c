"""Doctors' schedules with their exceptions, moved appointments, and a patient's status held while they are booked.

The SQL stands beside this file.
"""

from migrations.tenant.sql_file import run_sql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The tables, who may use them, and the permissions of the roles that hospitals have already."""
    run_sql("0017_schedules.sql")


def downgrade() -> None:
    """Undo; what was moved stays where it is now."""
    run_sql("0017_schedules_down.sql")
