"""Staff's earlier passwords. The SQL stands beside this file."""

from alembic import op

from migrations.tenant.sql_file import run_sql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table and who may use it."""
    run_sql("0013_passwords.sql")


def downgrade() -> None:
    """Undo."""
    op.execute("DROP FUNCTION grant_passwords(name, name, name, name)")
    op.drop_table("password_history")
