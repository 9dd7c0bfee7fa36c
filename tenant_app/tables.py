"""Every table of a hospital's database, for the migrations and for the test that compares both."""

from tenant_app.appointments import models as appointments
from tenant_app.audit import models as audit
from tenant_app.auth import models as auth
from tenant_app.calendar import models as calendar
from tenant_app.database import HospitalBase
from tenant_app.hospital import models as hospital
from tenant_app.live import models as live
from tenant_app.notices import models as notices
from tenant_app.outbox import models as outbox
from tenant_app.patient_imports import models as patient_imports
from tenant_app.patients import models as patients
from tenant_app.patients import record_models as patient_records
from tenant_app.portal import models as portal
from tenant_app.queue import models as queue
from tenant_app.reminders import models as reminders
from tenant_app.saved_filters import models as saved_filters
from tenant_app.schedules import models as schedules
from tenant_app.settings import models as settings
from tenant_app.staff import models as staff
from tenant_app.unusual import models as unusual
from tenant_app.usage import models as usage

MODULES = (
    hospital,
    staff,
    auth,
    patients,
    patient_records,
    patient_imports,
    appointments,
    queue,
    portal,
    audit,
    outbox,
    calendar,
    schedules,
    reminders,
    settings,
    unusual,
    live,
    usage,
    notices,
    saved_filters,
)
METADATA = HospitalBase.metadata
