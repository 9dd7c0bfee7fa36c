"""All blueprints of the hospital's API; signing in has its own (tenant_app.auth)."""

from typing import Final

from kernel.web.api import Blueprint
from tenant_app.appointments.api import blueprint as appointments
from tenant_app.audit.api import blueprint as audit
from tenant_app.audit.log_api import blueprint as audit_logs
from tenant_app.calendar.api import blueprint as holidays
from tenant_app.hospital.api import blueprint as hospital
from tenant_app.live.api import blueprint as connections
from tenant_app.notices.api import blueprint as notices
from tenant_app.patient_imports.api import blueprint as patient_imports
from tenant_app.patients.allergies_api import blueprint as allergies
from tenant_app.patients.api import blueprint as patients
from tenant_app.patients.contacts_api import blueprint as contacts
from tenant_app.patients.history_api import blueprint as history
from tenant_app.patients.identifiers_api import blueprint as identifiers
from tenant_app.patients.insurance_api import blueprint as insurance
from tenant_app.patients.status_api import blueprint as patient_status
from tenant_app.queue.api import blueprint as queue
from tenant_app.reminders.api import blueprint as reminders
from tenant_app.saved_filters.api import blueprint as saved_filters
from tenant_app.schedules.api import blueprint as schedules
from tenant_app.schedules.exceptions_api import blueprint as schedule_exceptions
from tenant_app.settings.api import blueprint as settings
from tenant_app.staff.api import blueprint as staff
from tenant_app.staff.department_api import blueprint as departments
from tenant_app.staff.role_api import blueprint as roles
from tenant_app.timeline.api import blueprint as timeline
from tenant_app.unusual.api import blueprint as access_findings

BLUEPRINTS: Final[tuple[Blueprint, ...]] = (
    hospital,
    holidays,
    staff,
    departments,
    roles,
    patients,
    identifiers,
    allergies,
    contacts,
    history,
    insurance,
    timeline,
    patient_status,
    patient_imports,
    appointments,
    schedules,
    schedule_exceptions,
    queue,
    reminders,
    connections,
    notices,
    saved_filters,
    audit,
    audit_logs,
    access_findings,
    settings,
)
