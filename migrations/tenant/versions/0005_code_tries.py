"""A right activation code that is shown with a wrong number counts as a try. The SQL stands beside this file."""

from alembic import op

from migrations.tenant.sql_file import run_sql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The function in its stricter form, and the index by which it finds a code."""
    run_sql("0005_code_tries.sql")


def downgrade() -> None:
    """The function as 0001 has it; a replaced function keeps who may call it."""
    op.drop_index("ix_portal_invites_code_hash")
    run_sql("0005_down.sql")
