"""The hospital core: staff, patients, appointments, portal accounts, audit, outbox.

The SQL stands in the folder beside this one, as it is run.
"""

from migrations.tenant.sql_file import run_sql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make everything."""
    run_sql("0001_functions_before.sql")
    run_sql("0001_tables.sql")
    run_sql("0001_functions_after.sql")
    run_sql("0001_grants.sql")


def downgrade() -> None:
    """Take everything away, with what is in it."""
    run_sql("0001_down.sql")
