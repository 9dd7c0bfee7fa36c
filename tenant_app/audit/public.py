"""What other folders may use of the audit log."""

from tenant_app.audit.models import AuditLog, AuditSeal
from tenant_app.audit.queries import Access, accesses_of_patient
from tenant_app.audit.service import record, record_sign_in

__all__ = ["Access", "AuditLog", "AuditSeal", "accesses_of_patient", "record", "record_sign_in"]
