"""What signing in of staff keeps beside accounts and sessions: failed attempts and earlier passwords."""

from uuid import UUID

from sqlalchemy import ForeignKey, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from central.auth.public import PasswordHistoryColumns, SignInFailureColumns
from tenant_app.database import HospitalBase


class StaffSignInFailure(HospitalBase, SignInFailureColumns):
    """Failures on one name from one network, whether somebody has the name or not; see central.auth.lockout."""

    __tablename__ = "staff_sign_in_failures"

    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)


class PasswordHistory(HospitalBase, PasswordHistoryColumns):
    """A member of staff's earlier passwords (specification: password history)."""

    __tablename__ = "password_history"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
