"""The timeline: everything that happened, once, in order, as far as the reader may see it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from kernel.errors import Forbidden, InvalidFields
from tenant_app.appointments.public import act
from tenant_app.patients.public import (
    NewCard,
    NewContact,
    NewHistory,
    StatusChange,
    add_contact,
    change,
    end_allergy,
    note_allergy,
    note_history,
    patient_record,
    read,
    set_status,
    write_card,
)
from tenant_app.portal.public import issue_code
from tenant_app.timeline.public import KINDS, Event, timeline
from tests.support.clinic import Clinic
from tests.support.reminding import switch_on

EXPECTED = {
    *("record.registered", "record.changed", "status.inactive", "identifier.added", "insurance.noted"),
    *("allergy.noted", "allergy.ended", "contact.noted", "history.noted"),
    *("appointment.booked", "appointment.cancelled", "queue.taken", "portal.code_given"),
}


@pytest.fixture
def eventful(clinic: Clinic) -> UUID:
    """A patient with whom all sorts of things happened."""
    patient = clinic.patient().patient.id
    visit = clinic.appointment(patient)
    clinic.number(patient)
    with clinic.uow() as uow:
        who: dict[str, Any] = {"uow": uow, "actor": clinic.admin, "patient_id": patient}
        version = patient_record(uow=uow, patient_id=patient).patient.version
        change(**who, version=version, details={"address": "1 Lê Lợi"})
        add_contact(**who, new=NewContact(full_name="Lê Thị Hoa", phone="0912345678"))
        note_history(**who, new=NewHistory(kind="chronic", what="Tăng huyết áp"))
        write_card(**who, new=NewCard(number="GD4793456789012", valid_from=date(2026, 1, 1)))
        allergy = note_allergy(**who, substance="Penicillin")
        end_allergy(**who, allergy_id=allergy.id, reason="mistaken")
        act(uow=uow, actor=clinic.admin, appointment_id=visit.id, action="cancel", reason="bận")
        issue_code(**who)
        read(**who)
        set_status(**who, change=StatusChange(status="inactive", reason="moved_away"))
        uow.commit()
    return patient


def _events(clinic: Clinic, patient_id: UUID, *, limit: int = 100, **more: Any) -> list[Event]:
    """All pages of the list."""
    found: list[Event] = []
    cursor = None
    while True:
        with clinic.uow() as uow:
            asked = {"actor": clinic.admin, **more}
            page = timeline(uow=uow, patient_id=patient_id, limit=limit, cursor=cursor, **asked)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


def test_everything_is_told_once_and_the_newest_first(clinic: Clinic, eventful: UUID) -> None:
    events = _events(clinic, eventful)
    whats = [event.what for event in events]
    assert set(whats) >= EXPECTED
    assert "access" not in whats, "who looked is a list of its own"
    assert [event.at for event in events] == sorted((event.at for event in events), reverse=True)
    changed = [event.detail for event in events if event.what == "record.changed"]
    assert changed == ['["address"]'], "names of fields, and what has rows of its own is told by those"
    assert all(event.by_name for event in events if event.what == "contact.noted")
    assert "1 Lê Lợi" not in str([event.detail for event in events])


def test_what_became_of_reminders_is_told(clinic: Clinic) -> None:
    """Those that went or failed; not what is planned, and never to which address."""
    switch_on(clinic, sms_on=True)
    patient = clinic.patient().patient.id
    clinic.appointment(patient, start="23:00", end="23:30")
    with clinic.hospital.superuser() as connection:
        connection.execute("UPDATE appointment_reminders SET status = 'cancelled', reason = 'settings'")
        for status, channel in (("sent", "sms"), ("uncertain", "email"), ("failed", "email"), ("pending", "sms")):
            connection.execute(
                "INSERT INTO appointment_reminders (appointment_id, patient_id, reminder_type, kind, status, reason,"
                " starts_at, scheduled_at, next_attempt_at, handed_over_at, sent_at)"
                " SELECT id, patient_id, %s, 'now', %s, 'smtp_550', now() + interval '1 day', now(), now(), now(),"
                " now() FROM appointments",
                (channel, status),
            )
    told = {event.what: event.detail for event in _events(clinic, patient, kind="reminder")}
    assert set(told) == {"reminder.sent", "reminder.uncertain", "reminder.failed"}
    assert str(told["reminder.sent"]).startswith("sms ")
    cashier = clinic.actor("cashier")
    if not cashier.may("appointment.read"):
        with pytest.raises(Forbidden):
            _events(clinic, patient, kind="reminder", actor=cashier)


@pytest.mark.parametrize("size", [1, 3, 7])
def test_pages_of_any_size_make_the_same_list(clinic: Clinic, eventful: UUID, size: int) -> None:
    whole = [(event.at, event.ref, event.what) for event in _events(clinic, eventful)]
    assert [(event.at, event.ref, event.what) for event in _events(clinic, eventful, limit=size)] == whole
    with clinic.uow() as uow, pytest.raises(InvalidFields):
        timeline(uow=uow, actor=clinic.admin, patient_id=eventful, cursor="x")


def test_each_kind_alone_and_only_for_who_may(clinic: Clinic, eventful: UUID) -> None:
    with clinic.hospital.superuser() as connection:
        connection.execute(
            "INSERT INTO appointment_reminders (appointment_id, patient_id, reminder_type, kind, status, starts_at,"
            " scheduled_at, next_attempt_at, handed_over_at, sent_at) SELECT id, patient_id, 'sms', 'now', 'sent',"
            " now() + interval '1 day', now(), now(), now(), now() FROM appointments"
        )
    for kind in KINDS:
        alone = _events(clinic, eventful, kind=kind)
        assert alone, kind
        assert {event.kind for event in alone} == {kind}
    desk = replace(clinic.admin, permissions=frozenset({"patient.read"}))
    seen = {event.kind for event in _events(clinic, eventful, actor=desk)}
    assert not seen & {"history", "appointment", "queue", "access"}
    for kind in ("history", "appointment", "queue", "access"):
        with pytest.raises(Forbidden):
            _events(clinic, eventful, actor=desk, kind=kind)


def test_programs_read_it_and_the_other_hospital_does_not(
    clinics: tuple[Clinic, Clinic], eventful: UUID, call: Callable[[str], Any]
) -> None:
    path = f"/patients/{eventful}/timeline"
    page = call("receptionist")("GET", f"{path}?limit=2").json
    assert len(page["items"]) == 2
    assert page["next_cursor"]
    assert call("receptionist")("GET", f"{path}?kind=history").status_code == 403
    assert call("admin")("GET", f"{path}?kind=access").json["items"][0]["detail"]
    assert call("admin")("GET", f"{path}?kind=nonsense").status_code == 422
    assert call("other")("GET", path).status_code == 404
    assert _events(clinics[1], eventful) == []
