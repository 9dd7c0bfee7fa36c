"""How far a role reaches: the whole hospital, or the departments in which somebody works."""

from migrations.tenant.sql_file import run_sql

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The column; doctors and nurses see their own departments where nobody would lose sight of everything."""
    run_sql("0031_reach.sql")


def downgrade() -> None:
    """Every role reaches the whole hospital again."""
    run_sql("0031_reach_down.sql")
