"""What signing in of staff keeps beside accounts and sessions: failed attempts, earlier passwords, recovery codes."""

from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from central.auth.columns import PasswordHistoryColumns, RecoveryCodeColumns, SignInFailureColumns
from tenant_app.database import HospitalBase


class StaffSignInFailure(HospitalBase, SignInFailureColumns):
    """Failures on one name from one network, whether somebody has the name or not; see central.auth.lockout."""

    __tablename__ = "staff_sign_in_failures"

    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)


class PasswordHistory(HospitalBase, PasswordHistoryColumns):
    """A member of staff's earlier passwords (specification: password history)."""

    __tablename__ = "password_history"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)


class StaffRecoveryCode(HospitalBase, RecoveryCodeColumns):
    """A member of staff's recovery code."""

    __tablename__ = "staff_recovery_codes"
    __table_args__ = (UniqueConstraint("account_id", "code_hash"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
