"""Administrators of the platform, what they may do, and their sessions. Specification section 1.2."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from central.auth.columns import (
    ACCOUNT_STATUSES,
    MFA_WHOLE,
    AccountColumns,
    InviteColumns,
    PasswordHistoryColumns,
    RecoveryCodeColumns,
    RefreshTokenColumns,
    SessionColumns,
    SignInFailureColumns,
)
from central.database import CentralBase
from kernel.database.columns import CreatedAt, RowId, Stamped, one_of
from kernel.web.idempotency import IdempotencyColumns

ADMINISTRATOR_ROLES = ("super_admin", "technician", "support")


class Administrator(AccountColumns, Stamped, CentralBase):
    """Somebody who runs the platform; knows no clinical data."""

    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("username"),
        UniqueConstraint("email"),
        CheckConstraint(one_of("role", ADMINISTRATOR_ROLES), name="role"),
        CheckConstraint(one_of("status", ACCOUNT_STATUSES), name="status"),
        CheckConstraint(MFA_WHOLE, name="mfa"),
    )

    id: Mapped[RowId]
    role: Mapped[str] = mapped_column(String(50))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    updated_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))


class Permission(CentralBase):
    """A permission as data: its name (`tenant.create`) and what it is for."""

    __tablename__ = "permissions"

    id: Mapped[RowId]
    name: Mapped[str] = mapped_column(String(100), unique=True)
    description: Mapped[str | None] = mapped_column(Text)
    resource: Mapped[str] = mapped_column(String(100))
    action: Mapped[str] = mapped_column(String(50))
    portal: Mapped[str] = mapped_column(String(50), server_default="admin", default="admin")
    created_at: Mapped[CreatedAt]


class UserPermission(CentralBase):
    """A permission given to one administrator beside those of the role."""

    __tablename__ = "user_permissions"
    __table_args__ = (UniqueConstraint("user_id", "permission_id"),)

    id: Mapped[RowId]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    permission_id: Mapped[UUID] = mapped_column(ForeignKey("permissions.id", ondelete="CASCADE"))
    granted_at: Mapped[CreatedAt]
    granted_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))


class AdminSession(SessionColumns, CentralBase):
    """An administrator's session."""

    __tablename__ = "admin_sessions"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)


class AdminRefreshToken(RefreshTokenColumns, CentralBase):
    """A refresh token of an administrator's session."""

    __tablename__ = "admin_refresh_tokens"

    session_id: Mapped[UUID] = mapped_column(ForeignKey("admin_sessions.id", ondelete="CASCADE"), index=True)


class AdminInvite(InviteColumns, CentralBase):
    """An administrator's invite."""

    __tablename__ = "admin_invites"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)


class AdminSignInFailure(SignInFailureColumns, CentralBase):
    """Failed attempts on a name, by the network that they came from; the id is nobody's where the name is nobody's."""

    __tablename__ = "admin_sign_in_failures"

    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)


class AdminPasswordHistory(PasswordHistoryColumns, CentralBase):
    """An administrator's earlier passwords."""

    __tablename__ = "admin_password_history"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)


class AdminRecoveryCode(RecoveryCodeColumns, CentralBase):
    """An administrator's recovery code."""

    __tablename__ = "admin_recovery_codes"
    __table_args__ = (UniqueConstraint("account_id", "code_hash"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))


class IdempotencyKey(IdempotencyColumns, CentralBase):
    """Answers to creating POSTs of the last day."""

    __tablename__ = "idempotency_keys"
