"""Administrators' second factor: sealed secrets, the last code's step, recovery codes, and when a session proved it."""

from alembic import op

revision: str = "0006_second_factor"
down_revision: str | None = "0005_passwords"
branch_labels: None = None
depends_on: None = None

_UP = """
ALTER TABLE users
    ADD COLUMN mfa_enabled_at timestamptz,
    ADD COLUMN mfa_last_step bigint,
    ADD COLUMN mfa_pending_secret text,
    ADD COLUMN mfa_pending_at timestamptz,
    ADD COLUMN mfa_reset_at timestamptz,
    ADD CONSTRAINT ck_users_mfa CHECK (NOT mfa_enabled OR mfa_secret IS NOT NULL);
ALTER TABLE admin_sessions ADD COLUMN mfa_at timestamptz;
CREATE TABLE admin_recovery_codes (
    id uuid NOT NULL DEFAULT uuidv7(),
    account_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz,
    CONSTRAINT pk_admin_recovery_codes PRIMARY KEY (id),
    CONSTRAINT uq_admin_recovery_codes_account_id_code_hash UNIQUE (account_id, code_hash),
    CONSTRAINT fk_admin_recovery_codes_account_id FOREIGN KEY (account_id) REFERENCES users (id) ON DELETE CASCADE
);
GRANT SELECT, INSERT, DELETE, UPDATE (used_at) ON admin_recovery_codes TO sokham_console;
"""
_DOWN = """
DROP TABLE admin_recovery_codes;
ALTER TABLE admin_sessions DROP COLUMN mfa_at;
ALTER TABLE users
    DROP CONSTRAINT ck_users_mfa,
    DROP COLUMN mfa_enabled_at,
    DROP COLUMN mfa_last_step,
    DROP COLUMN mfa_pending_secret,
    DROP COLUMN mfa_pending_at,
    DROP COLUMN mfa_reset_at;
"""


def upgrade() -> None:
    """Apply."""
    op.execute(_UP)


def downgrade() -> None:
    """Undo. An account whose factor was on stays closed to the version before, which opens none with a factor."""
    op.execute(_DOWN)
