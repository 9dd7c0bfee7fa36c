"""A role's demand for a second factor may begin on a later day, and is told before. The SQL stands beside this file."""

from migrations.tenant.sql_file import run_sql

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The day from which a role needs a second factor, and the notice to whoever has none yet."""
    run_sql("0036_factor_announced.sql")


def downgrade() -> None:
    """What was to begin later is demanded at once; notices of it are gone."""
    run_sql("0036_factor_announced_down.sql")
