"""Why a patient's number ended, and who ended it. The SQL stands beside this file."""

from migrations.tenant.sql_file import run_sql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two columns; what ended before has neither."""
    run_sql("0008_identifier_ends.sql")


def downgrade() -> None:
    """Without them."""
    run_sql("0008_identifier_ends_down.sql")
