"""Administrators' earlier passwords, which do not come back soon."""

from alembic import op

revision: str = "0005_passwords"
down_revision: str | None = "0004_jobs"
branch_labels: None = None
depends_on: None = None

_UP = """
CREATE TABLE admin_password_history (
    id uuid NOT NULL DEFAULT uuidv7(),
    account_id uuid NOT NULL,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_admin_password_history PRIMARY KEY (id),
    CONSTRAINT fk_admin_password_history_account_id FOREIGN KEY (account_id) REFERENCES users (id)
        ON DELETE CASCADE
);
CREATE INDEX ix_admin_password_history_account_id ON admin_password_history (account_id);
GRANT SELECT, INSERT, DELETE ON admin_password_history TO sokham_console;
"""


def upgrade() -> None:
    """Apply."""
    op.execute(_UP)


def downgrade() -> None:
    """Undo."""
    op.drop_table("admin_password_history")
