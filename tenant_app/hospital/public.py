"""What other folders may use of the hospital's own description."""

from tenant_app.hospital.data_keys import HospitalDataKeys, hospital_keys
from tenant_app.hospital.models import HospitalDataKey, HospitalIdentity, HospitalInfo, HospitalSync
from tenant_app.hospital.queries import Hospital, hospital_info, tenant_code
from tenant_app.hospital.rules import DETAILS, LONGEST
from tenant_app.hospital.service import change_details

__all__ = [
    "DETAILS",
    "LONGEST",
    "Hospital",
    "HospitalDataKey",
    "HospitalDataKeys",
    "HospitalIdentity",
    "HospitalInfo",
    "HospitalSync",
    "change_details",
    "hospital_info",
    "hospital_keys",
    "tenant_code",
]
