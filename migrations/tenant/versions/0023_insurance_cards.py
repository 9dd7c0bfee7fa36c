"""Health insurance cards: from when until when, and where they are registered. The SQL stands beside this file."""

from migrations.tenant.sql_file import run_sql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table, empty: of the numbers known so far, nobody wrote down the days."""
    run_sql("0023_insurance_cards.sql")


def downgrade() -> None:
    """Without it; the numbers stay."""
    run_sql("0023_insurance_cards_down.sql")
