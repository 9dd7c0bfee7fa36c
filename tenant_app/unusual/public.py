"""What other folders may use of unusual access."""

from tenant_app.unusual.errors import OwnFinding
from tenant_app.unusual.models import KINDS, STATES
from tenant_app.unusual.queries import FindingRow, finding, list_findings, open_findings
from tenant_app.unusual.service import LONGEST_NOTE, decide
from tenant_app.unusual.watching import Watched, watch

__all__ = [
    "KINDS",
    "LONGEST_NOTE",
    "STATES",
    "FindingRow",
    "OwnFinding",
    "Watched",
    "decide",
    "finding",
    "list_findings",
    "open_findings",
    "watch",
]
