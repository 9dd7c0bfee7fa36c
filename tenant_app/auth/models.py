"""Failed attempts to sign in as a member of staff."""

from uuid import UUID

from sqlalchemy import Uuid
from sqlalchemy.orm import Mapped, mapped_column

from central.auth.public import SignInFailureColumns
from tenant_app.database import HospitalBase


class StaffSignInFailure(HospitalBase, SignInFailureColumns):
    """Failures on one name from one network, whether somebody has the name or not; see central.auth.lockout."""

    __tablename__ = "staff_sign_in_failures"

    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
