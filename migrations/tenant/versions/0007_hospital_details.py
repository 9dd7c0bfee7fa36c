"""A hospital's administrators may change its details: the permission, in hospitals that already have their roles."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """As tenant_app.staff.permissions gives it to new hospitals; a role that has it already stays as it is."""
    op.execute(
        "UPDATE roles SET permissions = permissions || '[\"hospital.manage\"]'::jsonb"
        " WHERE name = 'admin' AND NOT permissions ? 'hospital.manage'"
    )


def downgrade() -> None:
    """Nobody may any more."""
    op.execute("UPDATE roles SET permissions = permissions - 'hospital.manage'")
