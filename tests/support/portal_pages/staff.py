"""The walk through the staff portal's pages."""

from dataclasses import dataclass
from datetime import date
from typing import Final

# Where a GET leads on, or answers with something that is no page.
NO_PAGES: Final = {
    "session.home",
    "audit_pages.export",
    "calendar_file.show",
    "import_pages.template",
    "import_pages.download",
    "import_pages.progress",
    "notice_pages.bell",
    "notice_pages.part",
    "second_factor.picture",
}
SIGNED_OUT: Final = {"sign-in": "/sign-in", "accept": "/invite"}


@dataclass(frozen=True, kw_only=True)
class StaffThings:
    """What the pages of a hospital are about: ids as they stand in addresses. `day` is one with appointments."""

    patient: str
    with_account: str
    doctor: str
    department: str
    visit: str
    number: str
    hours: str
    role: str
    finding: str
    uploaded: str
    checked: str
    imported: str
    kept: str
    day: date


def staff_pages(things: StaffThings) -> dict[str, str]:
    """Name → address; as an administrator of the hospital, who may see all of them."""
    record, day = f"/patients/{things.patient}", things.day
    booking = f"/appointments/new?patient={things.patient}&day={day}&doctor={things.doctor}"
    return {
        "today": "/today",
        "day": f"/today?day={day}&doctor=",
        "day-list": f"/today/list?day={day}&doctor=",
        "calendar": f"/calendar?day={day}",
        "calendar-week": f"/calendar?view=week&day={day}&doctor={things.doctor}",
        "find": "/patients",
        "register": "/patients/new",
        "patient": record,
        "change": f"{record}/edit",
        "numbers": f"{record}/numbers",
        "allergies": f"{record}/allergies",
        "history": f"{record}/history",
        "insurance": f"{record}/insurance",
        "contacts": f"{record}/contacts",
        "timeline": f"{record}/timeline",
        "status": f"{record}/status",
        "label": f"{record}/label",
        "access": f"{record}/access",
        "patient-factor": f"/patients/{things.with_account}/second-factor",
        "imports": "/patients/imports",
        "import-columns": f"/patients/imports/{things.uploaded}",
        "import-rows": f"/patients/imports/{things.checked}",
        "import-done": f"/patients/imports/{things.imported}",
        "import-take-back": f"/patients/imports/{things.imported}/take-back",
        "book-for": "/appointments/new",
        "book": f"{booking}&department={things.department}",
        "move": f"/appointments/{things.visit}/move",
        "cancel": f"/appointments/{things.visit}/cancel",
        "reminders-of": f"/appointments/{things.visit}/reminders",
        "reminders": "/reminders",
        "queue": "/queue",
        "queue-line": f"/queue/{things.department}",
        "queue-take": f"/queue/new?patient={things.patient}",
        "queue-take-for": "/queue/new",
        "queue-ticket": f"/queue/numbers/{things.number}",
        "queue-transfer": f"/queue/numbers/{things.number}/transfer",
        "queue-wall": f"/queue/{things.department}/wall",
        "schedules": "/schedules",
        "schedule": f"/schedules/{things.doctor}",
        "schedule-hours": f"/schedules/{things.doctor}/hours/{things.hours}",
        "people": "/staff",
        "invite": "/staff/invite",
        "connected": "/staff/connected",
        "notices": "/notices",
        "notices-choose": "/notices/choose",
        "filters": "/filters",
        "filter": f"/filters/{things.kept}",
        "member": f"/staff/{things.doctor}",
        "member-edit": f"/staff/{things.doctor}/edit",
        "member-close": f"/staff/{things.doctor}/deactivate",
        "member-factor": f"/staff/{things.doctor}/second-factor",
        "roles": "/roles",
        "role": f"/roles/{things.role}",
        "role-new": "/roles/new",
        "hospital": "/hospital",
        "details": "/hospital/details",
        "department": f"/hospital/departments/{things.department}",
        "hours": "/hospital/calendar",
        "reminder-settings": "/hospital/reminders",
        "settings": "/hospital/settings",
        "audit": "/audit",
        "audit-nothing": "/audit?action=patient.read&result=failed",
        "audit-patient": "/audit/patient",
        "unusual": "/audit/unusual",
        "unusual-none": "/audit/unusual?state=explained",
        "unusual-one": f"/audit/unusual/{things.finding}",
        "unusual-rows": f"/audit?finding={things.finding}",
        "password": "/account/password",
        "sessions": "/account/sessions",
        "second-factor": "/account/second-factor",
    }
