"""What other folders may use of patients' accounts."""

from tenant_app.portal.codes import digest_of_code, new_code, parse_code
from tenant_app.portal.errors import NoIdentifier
from tenant_app.portal.models import (
    PatientLink,
    PatientLoginLog,
    PatientRecoveryCode,
    PatientRefreshToken,
    PatientSession,
    PatientSignInFailure,
    PatientUser,
    PortalInvite,
)
from tenant_app.portal.service import (
    RESET_REASONS,
    IssuedCode,
    Redeemed,
    act_for,
    issue_code,
    redeem_code,
    reset_patient_factor,
)

__all__ = [
    "RESET_REASONS",
    "IssuedCode",
    "NoIdentifier",
    "PatientLink",
    "PatientLoginLog",
    "PatientRecoveryCode",
    "PatientRefreshToken",
    "PatientSession",
    "PatientSignInFailure",
    "PatientUser",
    "PortalInvite",
    "Redeemed",
    "act_for",
    "digest_of_code",
    "issue_code",
    "new_code",
    "parse_code",
    "redeem_code",
    "reset_patient_factor",
]
