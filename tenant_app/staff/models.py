"""Tables of the hospital's staff: accounts, departments, roles, sessions."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from central.auth.columns import MFA_WHOLE, AccountColumns, InviteColumns, RefreshTokenColumns, SessionColumns
from kernel.database.columns import CreatedAt, RowId, Stamped, Versioned, one_of
from kernel.web.idempotency import IdempotencyColumns
from tenant_app.database import HospitalBase
from tenant_app.reach.rules import HOSPITAL, REACHES

ROLES = ("doctor", "nurse", "receptionist", "cashier", "lab_technician", "admin")
USER_STATUSES = ("invited", "active", "inactive", "locked")
DEPARTMENT_STATUSES = ("active", "inactive")


class Department(HospitalBase, Stamped, Versioned):
    """A department of the hospital (specification 2.2)."""

    __tablename__ = "departments"

    id: Mapped[RowId]
    code: Mapped[str] = mapped_column(String(50))
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    head_doctor_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="RESTRICT", use_alter=True, name="fk_departments_head_doctor_id")
    )
    status: Mapped[str] = mapped_column(String(20), server_default="active", default="active")
    # Where it stands in lists; among equals the code decides.
    position: Mapped[int] = mapped_column(Integer, server_default=text("0"), default=0)

    __table_args__ = (
        UniqueConstraint("code", name="uq_departments_code"),
        CheckConstraint(one_of("status", DEPARTMENT_STATUSES), name="status"),
    )


class User(HospitalBase, AccountColumns, Stamped, Versioned):
    """A member of staff (specification 2.2). `role` is the main one; all that they may do comes from `user_roles`."""

    __tablename__ = "users"

    id: Mapped[RowId]
    phone: Mapped[str | None] = mapped_column(String(20))
    role: Mapped[str] = mapped_column(String(50))
    department_id: Mapped[UUID | None] = mapped_column(ForeignKey("departments.id", ondelete="RESTRICT"))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    updated_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))

    __table_args__ = (
        UniqueConstraint("username", name="uq_users_username"),
        UniqueConstraint("email", name="uq_users_email"),
        CheckConstraint(one_of("role", ROLES), name="role"),
        CheckConstraint(one_of("status", USER_STATUSES), name="status"),
        CheckConstraint(MFA_WHOLE, name="mfa"),
        Index("ix_users_role_status", "role", "status"),
    )


class Role(HospitalBase, Stamped, Versioned):
    """A named set of permissions; a hospital may change what its roles permit, and who needs a second factor.

    `reach` says where: the whole hospital, or the departments in which somebody works. `mfa_from`: the local day from
    which on the second factor is needed; empty: since it was said.
    """

    __tablename__ = "roles"

    id: Mapped[RowId]
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str | None] = mapped_column(Text)
    permissions: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
    mfa_required: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    mfa_from: Mapped[date | None] = mapped_column(Date)
    reach: Mapped[str] = mapped_column(String(20), server_default=HOSPITAL, default=HOSPITAL)

    __table_args__ = (
        UniqueConstraint("name", name="uq_roles_name"),
        CheckConstraint(one_of("reach", REACHES), name="reach"),
        CheckConstraint("mfa_from IS NULL OR mfa_required", name="mfa_from"),
        CheckConstraint("jsonb_typeof(permissions) = 'array'", name="permissions"),
    )


class UserRole(HospitalBase):
    """That a member of staff has a role, since when and by whom."""

    __tablename__ = "user_roles"

    id: Mapped[RowId]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    role_id: Mapped[UUID] = mapped_column(ForeignKey("roles.id", ondelete="RESTRICT"))
    assigned_at: Mapped[CreatedAt]
    assigned_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))

    __table_args__ = (UniqueConstraint("user_id", "role_id", name="uq_user_roles_user_id_role_id"),)


class StaffSession(HospitalBase, SessionColumns):
    """One signing-in of a member of staff."""

    __tablename__ = "staff_sessions"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)


class StaffRefreshToken(HospitalBase, RefreshTokenColumns):
    """A refresh token of a staff session."""

    __tablename__ = "staff_refresh_tokens"

    session_id: Mapped[UUID] = mapped_column(ForeignKey("staff_sessions.id", ondelete="CASCADE"), index=True)


class StaffInvite(HospitalBase, InviteColumns):
    """The way in for a new member of staff."""

    __tablename__ = "staff_invites"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)


class IdempotencyKey(HospitalBase, IdempotencyColumns):
    """Answers to creating requests, kept for a day (kernel.web.idempotency)."""

    __tablename__ = "idempotency_keys"

    __table_args__ = (Index("ix_idempotency_keys_created_at", "created_at"),)
