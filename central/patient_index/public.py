"""What other folders may use of patient identity."""

from central.patient_index.cccd import Cccd, Disagreement, parse_cccd, province_codes
from central.patient_index.errors import InvalidCccd, InvalidIdentifierValue, LookupCapReached
from central.patient_index.identifiers import SYSTEMS, Identifier, parse_identifier

__all__ = [
    "SYSTEMS",
    "Cccd",
    "Disagreement",
    "Identifier",
    "InvalidCccd",
    "InvalidIdentifierValue",
    "LookupCapReached",
    "parse_cccd",
    "parse_identifier",
    "province_codes",
]
