"""Failed attempts of staff to sign in, by account and network."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table, and what the staff portal's role may do with it."""
    op.create_table(
        "staff_sign_in_failures",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("network", postgresql.CIDR(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "network", name="pk_staff_sign_in_failures"),
    )
    op.execute(
        sa.text(
            """
            CREATE FUNCTION grant_staff_sign_in(app name, portal name, sync name, seal name) RETURNS void
            LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
            BEGIN
            EXECUTE format(
                'GRANT SELECT, INSERT, UPDATE, DELETE ON staff_sign_in_failures TO %I', app
            );
            END
            $grants$
            """
        )
    )
    op.execute(sa.text("REVOKE ALL ON FUNCTION grant_staff_sign_in(name, name, name, name) FROM PUBLIC"))


def downgrade() -> None:
    """Take both away."""
    op.execute(sa.text("DROP FUNCTION grant_staff_sign_in(name, name, name, name)"))
    op.drop_table("staff_sign_in_failures")
