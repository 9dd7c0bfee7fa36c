"""What a hospital tells central of each of its days. The SQL stands beside this file."""

from migrations.tenant.sql_file import run_sql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A row a day, the function that counts, and the rights of the purpose that tells."""
    run_sql("0026_usage.sql")


def downgrade() -> None:
    """Take it away; what central was told stays there."""
    run_sql("0026_usage_down.sql")
