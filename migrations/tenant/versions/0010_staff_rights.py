"""Roles that a hospital changes, makes and deletes; audit rows that say which rights were before and after."""

from migrations.tenant.sql_file import run_sql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The columns, what the staff portal's role may do with them, and the new permissions of administrators."""
    run_sql("0010_staff_rights.sql")


def downgrade() -> None:
    """Take them away. Roles that a hospital made itself stay."""
    run_sql("0010_staff_rights_down.sql")
