"""Settings of a hospital, and access that stands out. The SQL stands beside this file."""

from migrations.tenant.sql_file import run_sql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tables, functions that answer with ids only, rights, and what administrators of existing hospitals may."""
    run_sql("0018_unusual_access.sql")


def downgrade() -> None:
    """Take it all away, what was found too."""
    run_sql("0018_unusual_access_down.sql")
