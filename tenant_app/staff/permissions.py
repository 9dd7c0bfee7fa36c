"""What may be done in a hospital, and what each role brings at first; a hospital's own `roles` rows are the truth."""

from collections.abc import Mapping
from typing import Final

from kernel.text import N_
from tenant_app.reach.rules import DEPARTMENTS, HOSPITAL

# Name → what it allows, as the staff pages show it.
PERMISSIONS: Final[Mapping[str, str]] = {
    "hospital.read": N_("See the hospital's details"),
    "hospital.manage": N_("Change the hospital's details"),
    "department.read": N_("See departments"),
    "department.manage": N_("Create, change and close departments"),
    "staff.read": N_("See staff"),
    "staff.invite": N_("Invite staff"),
    "staff.manage": N_("Change staff, their roles and their access"),
    "role.manage": N_("Change what the roles permit"),
    "patient.read": N_("Find and see patients"),
    "patient.register": N_("Register patients"),
    "patient.import": N_("Import patients from a file"),
    "patient.update": N_("Change patients' details"),
    "patient.close": N_("Make records inactive, note a death, and take either back"),
    "allergy.note": N_("Write allergies down"),
    "history.read": N_("See the medical history"),
    "history.note": N_("Write the medical history down"),
    "patient.invite": N_("Give patients an activation code"),
    "patient.reset_mfa": N_("Take a patient's lost second factor away"),
    "appointment.read": N_("See appointments"),
    "appointment.book": N_("Book appointments"),
    "appointment.confirm": N_("Confirm appointments"),
    "appointment.start": N_("Start appointments"),
    "appointment.complete": N_("Complete appointments"),
    "appointment.cancel": N_("Cancel appointments"),
    "schedule.manage": N_("Change all doctors' schedules"),
    "schedule.own": N_("Enter one's own absences and extra hours"),
    "reminder.send": N_("Send and stop reminders of appointments"),
    "queue.read": N_("See the waiting queue"),
    "queue.take": N_("Give numbers in the queue"),
    "queue.call": N_("Call patients from the queue"),
    "audit.read": N_("See who looked at what: the access log"),
    "audit.decide": N_("Decide about unusual access"),
    "settings.manage": N_("Change the hospital's settings"),
}

_EVERYONE: Final = frozenset(
    {"hospital.read", "department.read", "staff.read", "patient.read", "appointment.read", "queue.read"}
)

ROLE_PERMISSIONS: Final[Mapping[str, frozenset[str]]] = {
    "doctor": _EVERYONE
    | {
        "patient.close",
        "allergy.note",
        "history.read",
        "history.note",
        "appointment.book",
        "appointment.confirm",
        "appointment.start",
        "appointment.complete",
        "schedule.own",
        "queue.take",
        "queue.call",
    },
    "nurse": _EVERYONE
    | {
        "patient.update",
        "patient.close",
        "allergy.note",
        "history.read",
        "history.note",
        "appointment.book",
        "appointment.confirm",
        "appointment.start",
        "reminder.send",
        "queue.take",
        "queue.call",
    },
    "receptionist": _EVERYONE
    | {
        "patient.register",
        "patient.update",
        "patient.close",
        "allergy.note",
        "patient.invite",
        "appointment.book",
        "appointment.confirm",
        "appointment.cancel",
        "reminder.send",
        "queue.take",
    },
    "cashier": _EVERYONE,
    "lab_technician": _EVERYONE | {"history.read"},
    "admin": frozenset(PERMISSIONS),
}

# Where a role holds at first. Who treats patients sees the own departments; the desk, the till and the laboratory serve
# all of them.
ROLE_REACH: Final[Mapping[str, str]] = {
    "doctor": DEPARTMENTS,
    "nurse": DEPARTMENTS,
    "receptionist": HOSPITAL,
    "cashier": HOSPITAL,
    "lab_technician": HOSPITAL,
    "admin": HOSPITAL,
}

ROLE_NAMES: Final[Mapping[str, str]] = {
    "doctor": N_("Doctor"),
    "nurse": N_("Nurse"),
    "receptionist": N_("Receptionist"),
    "cashier": N_("Cashier"),
    "lab_technician": N_("Laboratory technician"),
    "admin": N_("Hospital administrator"),
}

# How the pages group them, by the part before the dot.
PERMISSION_AREAS: Final[Mapping[str, str]] = {
    "hospital": N_("Hospital"),
    "department": N_("Departments"),
    "staff": N_("Staff"),
    "role": N_("Roles"),
    "patient": N_("Patients"),
    "allergy": N_("Allergies"),
    "history": N_("Medical history"),
    "appointment": N_("Appointments"),
    "schedule": N_("Schedules"),
    "reminder": N_("Reminders"),
    "queue": N_("Waiting queue"),
    "audit": N_("Records of access"),
    "settings": N_("Settings"),
}

# Without these nobody could mend what was taken away by mistake: the administrators' role always keeps them.
ADMIN_KEEPS: Final = frozenset({"staff.read", "staff.invite", "staff.manage", "role.manage"})
