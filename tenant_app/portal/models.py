"""Tables of patients' own accounts. The portal's role sees them through row level security only."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import INET, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from central.auth.columns import (
    MFA_WHOLE,
    RecoveryCodeColumns,
    RefreshTokenColumns,
    SecondFactorColumns,
    SessionColumns,
    SignInFailureColumns,
)
from kernel.database.columns import CreatedAt, Instant, RowId, Stamped, one_of
from tenant_app.database import HospitalBase

ACCOUNT_STATUSES = ("active", "inactive", "locked")
LINK_DIRECTIONS = ("opens", "opened_by")
LOGIN_METHODS = ("password", "activation", "refresh")
LOGIN_STATUSES = ("success", "failed", "locked")
INVITE_TRIES = 5


class PatientUser(HospitalBase, SecondFactorColumns, Stamped):
    """A patient's account at this hospital. It signs in with an identifier (CCCD), so it has no user name.

    `password_hash` is empty where the account was only linked, from another hospital's: then nobody signs in with it.
    """

    __tablename__ = "patient_users"

    id: Mapped[RowId]
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="RESTRICT"))
    password_hash: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(20), server_default="active", default="active")
    failed_login_attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"), default=0)
    locked_until: Mapped[Instant | None]
    last_login_at: Mapped[Instant | None]
    password_updated_at: Mapped[Instant | None]

    __table_args__ = (
        UniqueConstraint("patient_id", name="uq_patient_users_patient_id"),
        CheckConstraint(one_of("status", ACCOUNT_STATUSES), name="status"),
        CheckConstraint(MFA_WHOLE, name="mfa"),
    )


class PortalInvite(HospitalBase):
    """An activation code: one live code a patient, five tries, counted here and nowhere else."""

    __tablename__ = "portal_invites"

    id: Mapped[RowId]
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="RESTRICT"))
    tag: Mapped[str] = mapped_column(String(50))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    tries: Mapped[int] = mapped_column(Integer, server_default=text("0"), default=0)
    created_at: Mapped[CreatedAt]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    expires_at: Mapped[Instant]
    used_at: Mapped[Instant | None]
    replaced_at: Mapped[Instant | None]

    __table_args__ = (
        CheckConstraint(f"tries BETWEEN 0 AND {INVITE_TRIES}", name="tries"),
        Index(
            "uq_portal_invites_live",
            "patient_id",
            unique=True,
            postgresql_where=text("used_at IS NULL AND replaced_at IS NULL"),
        ),
        Index("ix_portal_invites_patient", "patient_id"),
        Index(
            "ix_portal_invites_code_hash",
            "code_hash",
            postgresql_where=text("used_at IS NULL AND replaced_at IS NULL"),
        ),
    )


class PatientSession(HospitalBase, SessionColumns):
    """One signing-in of a patient."""

    __tablename__ = "patient_sessions"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("patient_users.id", ondelete="CASCADE"), index=True)


class PatientRefreshToken(HospitalBase, RefreshTokenColumns):
    """A refresh token of a patient's session."""

    __tablename__ = "patient_refresh_tokens"

    session_id: Mapped[UUID] = mapped_column(ForeignKey("patient_sessions.id", ondelete="CASCADE"), index=True)


class PatientSignInFailure(HospitalBase, SignInFailureColumns):
    """Failures on one account from one network; see central.auth.lockout."""

    __tablename__ = "patient_sign_in_failures"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("patient_users.id", ondelete="CASCADE"), primary_key=True)


class PatientRecoveryCode(HospitalBase, RecoveryCodeColumns):
    """A patient's recovery code."""

    __tablename__ = "patient_recovery_codes"
    __table_args__ = (UniqueConstraint("account_id", "code_hash"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("patient_users.id", ondelete="CASCADE"))


class PatientLink(HospitalBase):
    """A link between this hospital's account and another hospital's, of one person.

    Each side keeps a row. `opens`: a session of this account may go on to `other_tenant_id`. `opened_by`: a session of
    `other_account_id`, at `other_tenant_id`, may see this account's patient. The second is the one that gives access,
    and it is checked at each request.
    """

    __tablename__ = "patient_links"

    id: Mapped[RowId]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("patient_users.id", ondelete="RESTRICT"))
    direction: Mapped[str] = mapped_column(String(20))
    other_tenant_id: Mapped[UUID] = mapped_column(Uuid)
    other_account_id: Mapped[UUID] = mapped_column(Uuid)
    created_at: Mapped[CreatedAt]
    ended_at: Mapped[Instant | None]
    end_reason: Mapped[str | None] = mapped_column(String(30))

    __table_args__ = (
        CheckConstraint(one_of("direction", LINK_DIRECTIONS), name="direction"),
        Index(
            "uq_patient_links_live",
            "account_id",
            "direction",
            "other_tenant_id",
            "other_account_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_patient_links_other", "other_tenant_id", "other_account_id"),
    )


class PatientLoginLog(HospitalBase):
    """How a patient's signing-in went (specification 2.9). Only added to, never changed."""

    __tablename__ = "patient_login_logs"

    id: Mapped[RowId]
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="RESTRICT"))
    patient_user_id: Mapped[UUID | None] = mapped_column(ForeignKey("patient_users.id", ondelete="RESTRICT"))
    login_method: Mapped[str] = mapped_column(String(50))
    login_status: Mapped[str] = mapped_column(String(20))
    failure_reason: Mapped[str | None] = mapped_column(String(50))
    ip_address: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None] = mapped_column(String(255))
    device_info: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        CheckConstraint(one_of("login_method", LOGIN_METHODS), name="login_method"),
        CheckConstraint(one_of("login_status", LOGIN_STATUSES), name="login_status"),
        Index("ix_patient_login_logs_patient", "patient_id", "created_at"),
    )
