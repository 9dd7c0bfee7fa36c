"""A new password in place of a forgotten one: who knew the old one loses every way in."""

from kernel.clock import utc_now
from kernel.database.unit_of_work import UnitOfWork
from patient_portal.auth.sessions import PatientSessions
from patient_portal.hospitals.links import OtherSide, end_links
from tenant_app.portal.public import PatientUser

REASON = "password_reset"


def reset_password(
    *, uow: UnitOfWork, sessions: PatientSessions, account: PatientUser, password_hash: str
) -> list[OtherSide]:
    """Set it, end the account's sessions and all its links; the links' other sides are to be told after the commit.

    The hospital vouches again for its own record only. Were links to live on, whoever gives out codes at one hospital
    could read the records of the others (architecture, "Portal accounts").
    """
    account.password_hash = password_hash
    account.password_updated_at = utc_now()
    account.failed_login_attempts = 0
    uow.flush()
    sessions.end_all(uow=uow, account_id=account.id, reason=REASON)
    return end_links(uow=uow, account_id=account.id, reason=REASON)
