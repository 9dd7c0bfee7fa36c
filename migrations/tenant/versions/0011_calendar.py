"""Business hours of a checked shape, and holidays. The SQL stands beside this file."""

from alembic import op

from migrations.tenant.sql_file import run_sql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Hours that an earlier version could not have written are in nobody's database: the column was never used."""
    run_sql("0011_calendar.sql")


def downgrade() -> None:
    """Undo."""
    op.execute("DROP FUNCTION grant_calendar(name, name, name, name)")
    op.drop_table("holidays")
    op.drop_constraint("ck_hospital_info_business_hours", "hospital_info", type_="check")
