"""The audit log in sentences: `Điều dưỡng Lê Thị Hoa mở hồ sơ của Nguyễn Văn An`."""

from collections.abc import Mapping
from typing import Final

from flask_babel import gettext

from kernel.text import N_, vietnamese_order
from tenant_app.audit.public import LogRow
from tenant_app.pages.patient_pages import ACTION_NAMES, FIELD_NAMES, KIND_NAMES
from tenant_app.pages.shown import role_title

_FURTHER: Final = {
    "patient.search": N_("Searched for patients"),
    "auth.sign_in_failed": N_("Failed to sign in"),
    "auth.password_change": N_("Changed their own password"),
    "auth.password_refused": N_("Gave a wrong password when changing it"),
    "auth.session_end": N_("Ended one of their sessions"),
    "auth.sign_out_everywhere": N_("Signed out everywhere"),
    "patient_import.upload": N_("Uploaded a file of patients"),
    "patient_import.check": N_("Had a file of patients checked"),
    "patient_import.decide": N_("Decided about rows of a file of patients"),
    "patient_import.commit": N_("Imported patients from a file"),
    "patient_import.take_back": N_("Took an import of patients back"),
    "patient_import.read": N_("Looked at the rows of a file of patients"),
    "patient_import.discard": N_("Discarded a file of patients"),
    "audit.read": N_("Looked at who had seen a patient's data"),
    "audit.list": N_("Looked through the access log"),
    "audit.export": N_("Exported the access log"),
    "department.create": N_("Created a department"),
    "department.change": N_("Changed a department"),
    "department.close": N_("Closed a department"),
    "department.open": N_("Opened a department again"),
    "department.order": N_("Put the departments in order"),
    "hospital.update": N_("Changed the hospital's details"),
    "schedule.add": N_("Added hours to a doctor's week"),
    "schedule.change": N_("Changed hours of a doctor's week"),
    "schedule.remove": N_("Took hours out of a doctor's week"),
    "schedule_exception.add": N_("Entered an absence or extra hours"),
    "schedule_exception.remove": N_("Took an absence or extra hours out"),
    "holiday.add": N_("Added a holiday"),
    "holiday.remove": N_("Took a holiday out"),
    "staff.invite": N_("Invited a colleague"),
    "staff.sign_out": N_("Signed a colleague out"),
    "staff.change": N_("Changed a colleague's details or roles"),
    "staff.deactivate": N_("Closed an account"),
    "staff.reactivate": N_("Opened an account again"),
    "staff.new_password": N_("Let a colleague choose a new password"),
    "staff.reset_mfa": N_("Took a colleague's second factor away"),
    "role.create": N_("Made a role"),
    "role.change": N_("Changed what a role permits"),
    "role.delete": N_("Deleted a role"),
    "finding.list": N_("Looked through unusual access"),
    "finding.read": N_("Opened a finding of unusual access"),
    "finding.decide": N_("Decided about unusual access"),
    "reminder.list": N_("Looked through the reminders"),
    "reminder.settings": N_("Changed how patients are reminded"),
    "reminder.test": N_("Sent a test message"),
    "notice.list": N_("Looked through their notices"),
    "notice.choose": N_("Chose which notices to get"),
    "settings.change": N_("Changed a setting"),
    "settings.reset": N_("Took a setting back to its default"),
}
LOG_ACTION_NAMES: Final[Mapping[str, str]] = {**ACTION_NAMES, **_FURTHER}

# What is said in one breath; everything else is said as "who: what".
_SENTENCES: Final[Mapping[str, str]] = {
    "patient.register": N_("%(who)s registered %(patient)s"),
    "patient.read": N_("%(who)s opened the record of %(patient)s"),
    "patient.reveal": N_("%(who)s showed the identifiers of %(patient)s in full"),
    "patient.update": N_("%(who)s changed the record of %(patient)s"),
    "patient.invite": N_("%(who)s gave %(patient)s an activation code"),
    "appointment.book": N_("%(who)s booked an appointment for %(patient)s"),
    "appointment.move": N_("%(who)s moved an appointment of %(patient)s"),
    "appointment.read": N_("%(who)s opened an appointment of %(patient)s"),
    "appointment.confirm": N_("%(who)s confirmed an appointment of %(patient)s"),
    "appointment.start": N_("%(who)s started an appointment of %(patient)s"),
    "appointment.complete": N_("%(who)s completed an appointment of %(patient)s"),
    "appointment.cancel": N_("%(who)s cancelled an appointment of %(patient)s"),
    "queue.take": N_("%(who)s gave %(patient)s a number in the queue"),
    "queue.call": N_("%(who)s called %(patient)s from the queue"),
}

AREA_NAMES: Final[Mapping[str, str]] = {
    "patient": N_("Patients"),
    "patient_import": N_("Imports of patients"),
    "appointment": N_("Appointments"),
    "reminder": N_("Reminders"),
    "queue": N_("Waiting line"),
    "auth": N_("Signing in"),
    "portal": N_("Patient portal"),
    "staff": N_("Staff"),
    "role": N_("Roles"),
    "hospital": N_("Hospital"),
    "department": N_("Departments"),
    "holiday": N_("Holidays"),
    "schedule": N_("Schedules"),
    "schedule_exception": N_("Away and extra hours"),
    "audit": N_("Access log"),
    "finding": N_("Unusual access"),
    "history": N_("Medical history"),
    "notice": N_("Notices"),
    "settings": N_("Settings"),
}
# A choice of several actions at once: its value, what it is called, and what it holds.
READS: Final = "reads"
CHANGES: Final = "changes"
_READING: Final = (".read", ".reveal", ".list", ".search")
# Signing in and looking at the log change nothing that the hospital keeps.
_NEITHER: Final = frozenset({"auth", "audit", "finding"})


def who(row: LogRow) -> str:
    """`Điều dưỡng Lê Thị Hoa`; a patient, the platform or the system by that word."""
    if row.actor_kind == "staff" and row.actor_name:
        return f"{role_title(row.actor_role or '')} {row.actor_name}".strip()
    if row.actor_kind == "patient" and row.patient_name:
        return str(gettext("Patient %(name)s", name=row.patient_name))
    if row.actor_kind == "staff":
        return str(gettext("Somebody without an account"))
    return str(gettext(KIND_NAMES[row.actor_kind]))


def what(action: str) -> str:
    """What was done, by itself; an action that has no words is shown as it is spelt."""
    return gettext(LOG_ACTION_NAMES[action]) if action in LOG_ACTION_NAMES else action


def sentence(row: LogRow) -> str:
    """The row as somebody would tell it."""
    if row.actor_kind == "staff" and row.patient_name and row.action in _SENTENCES:
        return str(gettext(_SENTENCES[row.action], who=who(row), patient=row.patient_name))
    told = gettext("%(who)s: %(what)s", who=who(row), what=_lower_first(what(row.action)))
    about = row.about_name if row.resource_id != str(row.user_id) else None
    if row.actor_kind != "patient":
        about = row.patient_name or about
    return f"{told} ({about})" if about else told


def field_name(name: str) -> str:
    """A changed field in the reader's language."""
    return gettext(FIELD_NAMES[name]) if name in FIELD_NAMES else name


def action_options() -> list[tuple[str, str]]:
    """Choices of a filter: all reads, all changes, an area, one action."""
    listed = [(READS, gettext("Everything that was read")), (CHANGES, gettext("Everything that was changed"))]
    by_area: dict[str, list[tuple[str, str]]] = {}
    for action in LOG_ACTION_NAMES:
        by_area.setdefault(_area(action), []).append((action, what(action)))
    for area, actions in by_area.items():
        title = gettext(AREA_NAMES[area]) if area in AREA_NAMES else area
        listed.append((area, gettext("%(area)s: everything", area=title)))
        actions.sort(key=lambda each: vietnamese_order(each[1]))
        listed += [(action, f"{title}: {_lower_first(name)}") for action, name in actions]
    return listed


def actions_chosen(value: str) -> list[str]:
    """The actions that a choice stands for; empty for none, and for one that is not offered."""
    if value == READS:
        return [action for action in LOG_ACTION_NAMES if action.endswith(_READING)]
    if value == CHANGES:
        return [
            action for action in LOG_ACTION_NAMES if not action.endswith(_READING) and _area(action) not in _NEITHER
        ]
    return [action for action in LOG_ACTION_NAMES if value in {action, _area(action)}]


def _area(action: str) -> str:
    return action.split(".", maxsplit=1)[0]


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
