"""What other folders may use of provisioning."""

from central.provisioning.operations import LeaseLost, OperationUnknown
from central.provisioning.ports import (
    AdministratorJoined,
    FirstInvite,
    FirstStaff,
    HospitalInitialiser,
    HospitalSchema,
    NewHospital,
)
from central.provisioning.rotation import CredentialRotation, Rotation
from central.provisioning.server import HospitalServer
from central.provisioning.service import Provisioned, Provisioner, reserve

__all__ = [
    "AdministratorJoined",
    "CredentialRotation",
    "FirstInvite",
    "FirstStaff",
    "HospitalInitialiser",
    "HospitalSchema",
    "HospitalServer",
    "LeaseLost",
    "NewHospital",
    "OperationUnknown",
    "Provisioned",
    "Provisioner",
    "Rotation",
    "reserve",
]
