"""What other folders may use of central's audit."""

from central.audit.models import AdminAuditLog, AuditSeal, SecurityAuditLog
from central.audit.service import record, security_event

__all__ = ["AdminAuditLog", "AuditSeal", "SecurityAuditLog", "record", "security_event"]
