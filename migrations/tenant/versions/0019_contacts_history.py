"""Whom to call, one by one, and a patient's medical history. The SQL stands beside this file."""

from migrations.tenant.sql_file import run_sql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The tables; the persons to call become rows."""
    run_sql("0019_contacts_history.sql")


def downgrade() -> None:
    """Without them; the person to call first stays with the patient."""
    run_sql("0019_contacts_history_down.sql")
