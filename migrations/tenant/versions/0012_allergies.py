"""Allergies as rows, with reaction and severity; and that none is known, which is other than nothing recorded.

The SQL stands beside this file.
"""

from migrations.tenant.sql_file import run_sql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table, filled from the lists that patients have."""
    run_sql("0012_allergies.sql")


def downgrade() -> None:
    """Without it; the lists stay."""
    run_sql("0012_allergies_down.sql")
