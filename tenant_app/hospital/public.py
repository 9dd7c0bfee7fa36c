"""What other folders may use of the hospital's own description."""

from tenant_app.hospital.models import HospitalDataKey, HospitalIdentity, HospitalInfo, HospitalSync
from tenant_app.hospital.queries import Hospital, hospital_info, tenant_code

__all__ = [
    "Hospital",
    "HospitalDataKey",
    "HospitalIdentity",
    "HospitalInfo",
    "HospitalSync",
    "hospital_info",
    "tenant_code",
]
