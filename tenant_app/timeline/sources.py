"""Where a patient's events come from: one statement a kind of thing, all of the same columns, for one union."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, Text, Uuid, and_, case, cast, func, literal, null, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import InstrumentedAttribute, aliased

from kernel.clock import LOCAL_ZONE
from tenant_app.appointments.models import Appointment, AppointmentMove
from tenant_app.audit.models import AuditLog
from tenant_app.patients.models import Patient, PatientAllergy, PatientIdentifier, PatientStatusChange
from tenant_app.patients.noted import Noted
from tenant_app.patients.record_models import PatientContact, PatientHistory, PatientInsuranceCard
from tenant_app.portal.models import PortalInvite
from tenant_app.queue.models import QueueEntry
from tenant_app.reminders.models import AppointmentReminder
from tenant_app.staff.models import Department, User

Events = list[Select[Any]]
_Column = InstrumentedAttribute[Any] | ColumnElement[Any]

# Told by rows of their own, so that the change of the record that carried them is not told as well.
_TOLD_ELSEWHERE: Final = (
    *("allergies", "contacts", "emergency_contact", "insurance_card", "medical_history", "status"),
    *("cccd", "cmnd", "bhyt", "passport"),
)


def _event(
    what: str,
    *,
    at: _Column,
    ref: _Column,
    by: _Column | None = None,
    detail: _Column | None = None,
    by_patient: ColumnElement[bool] | None = None,
) -> Select[Any]:
    return select(
        at.label("at"),
        literal(what, String).label("what"),
        cast(ref, Uuid).label("ref"),
        (cast(null(), Uuid) if by is None else by).label("by"),
        (literal(False) if by_patient is None else by_patient).label("by_patient"),
        (cast(null(), Text) if detail is None else cast(detail, Text)).label("detail"),
    )


def _record(patient_id: UUID) -> Events:
    changed = AuditLog.changed.op("-")(cast(literal(list(_TOLD_ELSEWHERE), ARRAY(Text)), ARRAY(Text)))
    said = case(
        (PatientStatusChange.status == "deceased", func.to_char(PatientStatusChange.deceased_on, text("'DD/MM/YYYY'"))),
        else_=PatientStatusChange.reason,
    )
    return [
        _event("record.registered", at=Patient.created_at, ref=Patient.id, by=Patient.created_by).where(
            Patient.id == patient_id
        ),
        _event("record.changed", at=AuditLog.created_at, ref=AuditLog.id, by=AuditLog.user_id, detail=changed).where(
            AuditLog.patient_id == patient_id,
            AuditLog.action == "patient.update",
            func.jsonb_array_length(cast(changed, JSONB)) > 0,
        ),
        *(
            _event(
                f"status.{status}",
                at=PatientStatusChange.changed_at,
                ref=PatientStatusChange.id,
                by=PatientStatusChange.changed_by,
                detail=said,
            ).where(PatientStatusChange.patient_id == patient_id, PatientStatusChange.status == status)
            for status in ("active", "inactive", "deceased")
        ),
    ]


def _identifiers(patient_id: UUID) -> Events:
    number = PatientIdentifier
    return [
        _event(
            "identifier.added", at=number.created_at, ref=number.id, by=number.created_by, detail=number.system
        ).where(number.patient_id == patient_id),
        _event("identifier.ended", at=number.valid_to, ref=number.id, by=number.ended_by, detail=number.system).where(
            number.patient_id == patient_id, number.valid_to.is_not(None)
        ),
    ]


def _noted(name: str, table: type[Noted], detail: _Column) -> Callable[[UUID], Events]:
    def events(patient_id: UUID) -> Events:
        mine = table.patient_id == patient_id
        return [
            _event(f"{name}.noted", at=table.created_at, ref=table.id, by=table.created_by, detail=detail).where(mine),
            _event(f"{name}.ended", at=table.ended_at, ref=table.id, by=table.ended_by, detail=detail).where(
                mine, table.ended_at.is_not(None)
            ),
        ]

    return events


def _insurance(patient_id: UUID) -> Events:
    card = PatientInsuranceCard
    day = text("'DD/MM/YYYY'")
    days = func.concat(func.to_char(card.valid_from, day), " – ", func.coalesce(func.to_char(card.valid_to, day), "…"))
    return _noted("insurance", card, days)(patient_id)


def _appointments(patient_id: UUID) -> Events:
    visit, doctor = Appointment, aliased(User)
    detail = func.concat(_moment(visit.appointment_date, visit.start_time), " · ", doctor.full_name)
    by_patient: dict[str, ColumnElement[bool]] = {
        "booked": visit.source != "hospital_staff",
        "cancelled": func.coalesce(visit.cancelled_by_kind, "staff") == "patient",
    }
    steps: Mapping[str, tuple[_Column, _Column]] = {
        "booked": (visit.created_at, visit.created_by),
        "confirmed": (visit.confirmed_at, visit.confirmed_by),
        "started": (visit.started_at, visit.started_by),
        "completed": (visit.completed_at, visit.completed_by),
        "cancelled": (visit.cancelled_at, visit.cancelled_by),
        # A job notes it, not a person.
        "no_show": (visit.no_show_at, cast(null(), Uuid)),
    }
    found = [
        _event(f"appointment.{step}", at=at, ref=visit.id, by=by, detail=detail, by_patient=by_patient.get(step))
        .join(doctor, doctor.id == visit.doctor_id)
        .where(visit.patient_id == patient_id, at.is_not(None))
        for step, (at, by) in steps.items()
    ]
    move = AppointmentMove
    moved = func.concat(_moment(move.from_date, move.from_start), " → ", _moment(move.to_date, move.to_start))
    found.append(
        _event("appointment.moved", at=move.moved_at, ref=move.id, by=move.moved_by, detail=moved)
        .join(visit, visit.id == move.appointment_id)
        .where(visit.patient_id == patient_id)
    )
    return found


def _moment(day: _Column, time: _Column) -> ColumnElement[str]:
    return func.to_char(day + time, text("'HH24:MI DD/MM/YYYY'"))


def _reminders(patient_id: UUID) -> Events:
    """Those that went, perhaps went, or failed: what is planned has not happened."""
    message = AppointmentReminder
    went: Mapping[str, _Column] = {
        "sent": message.sent_at,
        "uncertain": message.handed_over_at,
        # Nothing comes after a failure, so that this is when it was settled.
        "failed": message.next_attempt_at,
    }
    local = func.to_char(func.timezone(LOCAL_ZONE.key, message.starts_at), text("'HH24:MI DD/MM/YYYY'"))
    detail = func.concat(message.reminder_type, " ", local)
    return [
        _event(f"reminder.{status}", at=at, ref=message.id, by=message.created_by, detail=detail).where(
            message.patient_id == patient_id, message.status == status
        )
        for status, at in went.items()
    ]


def _queue(patient_id: UUID) -> Events:
    entry = QueueEntry
    detail = func.concat(cast(entry.number, Text), " · ", Department.name)
    mine = and_(entry.patient_id == patient_id, Department.id == entry.department_id)
    return [
        _event("queue.taken", at=entry.taken_at, ref=entry.id, by=entry.created_by, detail=detail).where(mine),
        _event("queue.called", at=entry.called_at, ref=entry.id, detail=detail).where(
            mine, entry.called_at.is_not(None)
        ),
        *(
            _event(f"queue.{ending}", at=entry.ended_at, ref=entry.id, detail=detail).where(
                mine, entry.status == ending
            )
            for ending in ("done", "left", "no_show", "transferred")
        ),
    ]


def _portal(patient_id: UUID) -> Events:
    code = PortalInvite
    return [
        _event("portal.code_given", at=code.created_at, ref=code.id, by=code.created_by).where(
            code.patient_id == patient_id
        ),
        _event("portal.code_used", at=code.used_at, ref=code.id, by_patient=literal(True)).where(
            code.patient_id == patient_id, code.used_at.is_not(None)
        ),
    ]


def _accesses(patient_id: UUID) -> Events:
    log = AuditLog
    return [
        _event(
            "access",
            at=log.created_at,
            ref=log.id,
            by=log.user_id,
            detail=log.action,
            by_patient=log.actor_kind == "patient",
        ).where(log.patient_id == patient_id)
    ]


# Kind → what gives its events, and the permission that it needs besides that of the record.
SOURCES: Final[Mapping[str, tuple[Callable[[UUID], Events], str | None]]] = {
    "record": (_record, None),
    "identifier": (_identifiers, None),
    "insurance": (_insurance, None),
    "allergy": (_noted("allergy", PatientAllergy, PatientAllergy.substance), None),
    "contact": (_noted("contact", PatientContact, PatientContact.full_name), None),
    "history": (_noted("history", PatientHistory, PatientHistory.what), "history.read"),
    "appointment": (_appointments, "appointment.read"),
    "reminder": (_reminders, "appointment.read"),
    "queue": (_queue, "queue.read"),
    "portal": (_portal, None),
    "access": (_accesses, "audit.read"),
}
