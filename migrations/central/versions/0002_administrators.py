"""Administrators, their sessions and permissions; the keys of the blind index."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0002_administrators"
down_revision: str | None = "0001_registry"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Tables, the permissions that exist, and the grants."""
    _create_accounts()
    _create_sessions()
    _create_idempotency_keys()
    op.create_table(
        "blind_index_keys",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kek_version", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("version", name="pk_blind_index_keys"),
    )
    for statement in (*_FUNCTIONS, *_GRANTS):
        op.execute(sa.text(statement))


def downgrade() -> None:
    """What depends on the accounts goes first."""
    op.execute("DROP FUNCTION route_blind_index_keys()")
    for table in (
        "blind_index_keys",
        "idempotency_keys",
        "admin_sign_in_failures",
        "admin_invites",
        "admin_refresh_tokens",
        "admin_sessions",
        "user_permissions",
        "permissions",
        "users",
    ):
        op.drop_table(table)


def _uuid(name: str = "id") -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False)


def _instant(name: str, *, now: bool = False, nullable: bool = False) -> sa.Column[object]:
    default = sa.text("now()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def _create_accounts() -> None:
    op.create_table(
        "users",
        _uuid(),
        sa.Column("username", sa.String(length=100), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("full_name", sa.String(length=255), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("role", sa.String(length=50), nullable=False),
        sa.Column("status", sa.String(length=20), server_default="invited", nullable=False),
        _instant("last_login_at", nullable=True),
        _instant("password_updated_at", nullable=True),
        sa.Column("failed_login_attempts", sa.Integer(), server_default="0", nullable=False),
        _instant("locked_until", nullable=True),
        sa.Column("mfa_enabled", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("mfa_secret", sa.Text(), nullable=True),
        _instant("created_at", now=True),
        _instant("updated_at", now=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("role IN ('super_admin', 'technician', 'support')", name="ck_users_role"),
        sa.CheckConstraint("status IN ('invited', 'active', 'inactive', 'locked')", name="ck_users_status"),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_users_created_by", ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["updated_by"], ["users.id"], name="fk_users_updated_by", ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("username", name="uq_users_username"),
        sa.UniqueConstraint("email", name="uq_users_email"),
    )
    op.create_table(
        "permissions",
        _uuid(),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("resource", sa.String(length=100), nullable=False),
        sa.Column("action", sa.String(length=50), nullable=False),
        sa.Column("portal", sa.String(length=50), server_default="admin", nullable=False),
        _instant("created_at", now=True),
        sa.PrimaryKeyConstraint("id", name="pk_permissions"),
        sa.UniqueConstraint("name", name="uq_permissions_name"),
    )
    op.create_table(
        "user_permissions",
        _uuid(),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("permission_id", sa.Uuid(), nullable=False),
        _instant("granted_at", now=True),
        sa.Column("granted_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_user_permissions_user_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["permission_id"], ["permissions.id"], name="fk_user_permissions_permission_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["granted_by"], ["users.id"], name="fk_user_permissions_granted_by", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_user_permissions"),
        sa.UniqueConstraint("user_id", "permission_id", name="uq_user_permissions_user_id_permission_id"),
    )


def _create_sessions() -> None:
    op.create_table(
        "admin_sessions",
        _uuid(),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        _instant("created_at", now=True),
        _instant("last_seen_at"),
        _instant("expires_at"),
        _instant("ended_at", nullable=True),
        sa.Column("end_reason", sa.String(length=30), nullable=True),
        sa.Column("ip_address", postgresql.INET(), nullable=True),
        sa.Column("user_agent", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["users.id"], name="fk_admin_sessions_account_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_admin_sessions"),
    )
    op.create_index("ix_admin_sessions_account_id", "admin_sessions", ["account_id"])
    for table, owner, owners, used in (
        ("admin_refresh_tokens", "session_id", "admin_sessions", True),
        ("admin_invites", "account_id", "users", True),
    ):
        op.create_table(
            table,
            _uuid(),
            sa.Column(owner, sa.Uuid(), nullable=False),
            sa.Column("token_hash", sa.LargeBinary(), nullable=False),
            _instant("created_at", now=True),
            _instant("expires_at"),
            _instant("used_at", nullable=used),
            sa.ForeignKeyConstraint([owner], [f"{owners}.id"], name=f"fk_{table}_{owner}", ondelete="CASCADE"),
            sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
            sa.UniqueConstraint("token_hash", name=f"uq_{table}_token_hash"),
        )
        op.create_index(f"ix_{table}_{owner}", table, [owner])
    op.create_table(
        "admin_sign_in_failures",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("network", postgresql.CIDR(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        _instant("last_failed_at"),
        _instant("locked_until", nullable=True),
        sa.PrimaryKeyConstraint("account_id", "network", name="pk_admin_sign_in_failures"),
    )


def _create_idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("route", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("etag", sa.String(length=50), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        _instant("created_at", now=True),
        sa.PrimaryKeyConstraint("actor_id", "route", "key", name="pk_idempotency_keys"),
    )


_FUNCTIONS = (
    """
    CREATE FUNCTION route_blind_index_keys()
    RETURNS TABLE (version integer, kek_version integer, wrapped text, retired boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$ SELECT k.version, k.kek_version, k.wrapped, k.retired_at IS NOT NULL FROM public.blind_index_keys k $$
    """,
    "REVOKE ALL ON FUNCTION route_blind_index_keys() FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION route_blind_index_keys() TO sokham_route",
)

_GRANTS = (
    "GRANT SELECT, INSERT, UPDATE ON users, admin_sessions, admin_refresh_tokens, admin_invites TO sokham_console",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON admin_sign_in_failures, idempotency_keys TO sokham_console",
    "GRANT SELECT ON permissions, blind_index_keys TO sokham_console",
    "GRANT SELECT, INSERT, DELETE ON user_permissions TO sokham_console",
)
