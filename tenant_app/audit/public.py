"""What other folders may use of the audit log."""

from tenant_app.audit.log_queries import Bar, LogFilter, LogRow, SealState, bars, log_page, log_rows, seal_state
from tenant_app.audit.models import ACTOR_KINDS, AuditCheck, AuditLog, AuditSeal
from tenant_app.audit.queries import Access, accesses_of_patient, last_opened
from tenant_app.audit.rules import LONGEST_DAYS, failures, parse_network, period
from tenant_app.audit.service import record, record_sign_in

__all__ = [
    "ACTOR_KINDS",
    "LONGEST_DAYS",
    "Access",
    "AuditCheck",
    "AuditLog",
    "AuditSeal",
    "Bar",
    "LogFilter",
    "LogRow",
    "SealState",
    "accesses_of_patient",
    "bars",
    "failures",
    "last_opened",
    "log_page",
    "log_rows",
    "parse_network",
    "period",
    "record",
    "record_sign_in",
    "seal_state",
]
