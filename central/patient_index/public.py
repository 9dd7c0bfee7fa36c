"""What other folders may use of patient identity."""

from central.patient_index.cccd import Cccd, Disagreement, parse_cccd, province_codes
from central.patient_index.errors import InvalidCccd, InvalidIdentifierValue, LookupCapReached
from central.patient_index.identifiers import SYSTEMS, Identifier, parse_identifier
from central.patient_index.service import DAILY_CAP, IndexHit, lookup

__all__ = [
    "DAILY_CAP",
    "SYSTEMS",
    "Cccd",
    "Disagreement",
    "Identifier",
    "IndexHit",
    "InvalidCccd",
    "InvalidIdentifierValue",
    "LookupCapReached",
    "lookup",
    "parse_cccd",
    "parse_identifier",
    "province_codes",
]
