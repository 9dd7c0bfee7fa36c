"""What is planned follows the appointments, whoever changes them; and what staff and patients may do about it."""

from datetime import date, datetime, time, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from kernel.clock import LOCAL_ZONE
from kernel.errors import InvalidFields, NotFound, PreconditionFailed
from tenant_app.appointments.public import AppointmentRow, act, book
from tenant_app.audit.models import AuditLog
from tenant_app.reminders.public import (
    ReminderGone,
    ReminderNotPossible,
    Wishes,
    again,
    change_settings,
    reminder_settings,
    reminders_of,
    send_now,
    send_test,
    set_wishes,
    stop,
    wishes_of,
)
from tests.support.clinic import Clinic, tomorrow
from tests.support.reminding import make_due, rows_of, switch_on, wish


def far() -> date:
    """A day for which all reminders lie ahead, whatever the time now."""
    return tomorrow() + timedelta(days=2)


def booked(clinic: Clinic, *, day: date | None = None, start: str = "14:00") -> AppointmentRow:
    patient = clinic.patient()
    end = f"{int(start[:2]):02}:45"
    with clinic.uow() as uow:
        wanted = clinic.booking(patient.patient.id, start=start, end=end, day=day or far())
        made = book(uow=uow, actor=clinic.admin, booking=wanted)
        uow.commit()
    return made


def local(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=LOCAL_ZONE)


def test_nothing_is_planned_until_the_hospital_says_so(clinic: Clinic) -> None:
    booked(clinic)
    assert rows_of(clinic.hospital) == []


def test_a_booking_plans_its_reminders_in_its_own_transaction(clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    switch_on(clinic, sms_on=True)
    made = booked(clinic)
    planned = rows_of(clinic.hospital, "reminder_type, kind, scheduled_at, starts_at, status")
    starts = local(far(), "14:00")
    assert sorted(planned) == sorted(
        (channel, kind, due, starts, "pending")
        for channel in ("email", "sms")
        for kind, due in (
            ("day_before", local(far() - timedelta(days=1), "18:00")),
            ("hours_before", local(far(), "12:00")),
        )
    )
    with clinic.uow() as uow:
        book(
            uow=uow, actor=clinic.admin, booking=clinic.booking(made.patient_id, start="15:00", end="15:30", day=far())
        )
        # No commit: no appointment, no reminder.
    assert len(rows_of(clinic.hospital)) == 4
    assert rows_of(other.hospital) == []
    with other.uow() as uow:
        assert reminders_of(uow=uow, appointment_id=made.id) == []


def test_what_moves_takes_its_reminders_along(clinic: Clinic) -> None:
    switch_on(clinic)
    made = booked(clinic)
    _move(clinic, made.id, "16:00")
    assert sorted(rows_of(clinic.hospital)) == [
        ("email", "day_before", "cancelled", "moved"),
        ("email", "day_before", "pending", None),
        ("email", "hours_before", "cancelled", "moved"),
        ("email", "hours_before", "pending", None),
    ]
    live = rows_of(clinic.hospital, "starts_at, status, kind, scheduled_at")
    assert {row[0] for row in live if row[1] == "pending"} == {local(far(), "16:00")}
    assert [row[3] for row in live if row[1:3] == ("pending", "hours_before")] == [local(far(), "14:00")]
    # And back again: planned anew, because none was sent.
    _move(clinic, made.id, "14:00")
    assert [row[1] for row in rows_of(clinic.hospital, "starts_at, status")].count("pending") == 2


def test_who_was_reminded_of_one_time_is_reminded_of_the_next(clinic: Clinic) -> None:
    switch_on(clinic)
    made = booked(clinic)
    with clinic.hospital.superuser() as connection:
        connection.execute(
            "UPDATE appointment_reminders SET status = 'sent', handed_over_at = now(), sent_at = now()"
            " WHERE kind = 'day_before'"
        )
    _move(clinic, made.id, "15:00")
    kinds = rows_of(clinic.hospital, "kind, status")
    assert kinds.count(("day_before", "sent")) == kinds.count(("day_before", "pending")) == 1
    # Moving within the same time changes nothing.
    before = rows_of(clinic.hospital, "id, status")
    _move(clinic, made.id, "15:00")
    assert rows_of(clinic.hospital, "id, status") == before


def test_a_cancelled_appointment_has_none_and_a_confirmed_one_keeps_them(clinic: Clinic) -> None:
    switch_on(clinic)
    made = booked(clinic)
    before = rows_of(clinic.hospital, "id, status")
    with clinic.uow() as uow:
        act(uow=uow, actor=clinic.admin, appointment_id=made.id, action="confirm")
        uow.commit()
    assert rows_of(clinic.hospital, "id, status") == before
    with clinic.uow() as uow:
        act(uow=uow, actor=clinic.admin, appointment_id=made.id, action="cancel", reason="Bận")
        uow.commit()
    assert {row[2:] for row in rows_of(clinic.hospital)} == {("cancelled", "appointment")}


def test_a_confirmation_after_the_time_of_a_reminder_does_not_take_it_back(clinic: Clinic) -> None:
    """It may wait for a mail server that is away."""
    switch_on(clinic)
    made = booked(clinic)
    make_due(clinic.hospital)
    _move(clinic, made.id, "14:00")
    switch_on(clinic, hours_before=3)
    assert [row[2] for row in rows_of(clinic.hospital)].count("pending") >= 1
    assert ("email", "day_before", "pending", None) in rows_of(clinic.hospital)


def test_changed_settings_plan_anew_for_all_that_is_open(clinic: Clinic) -> None:
    made = [booked(clinic, start="09:00"), booked(clinic, start="11:00")]
    switch_on(clinic)
    assert len(rows_of(clinic.hospital)) == 4
    switch_on(clinic, hours_before=None)
    assert {row[1:] for row in rows_of(clinic.hospital)} == {
        ("day_before", "pending", None),
        ("hours_before", "cancelled", "settings"),
    }
    switch_on(clinic, hours_before=4)
    times = rows_of(clinic.hospital, "scheduled_at, kind, status")
    assert (local(far(), "05:00"), "hours_before", "pending") in times
    switch_on(clinic, email_on=False)
    assert {row[2] for row in rows_of(clinic.hospital)} == {"cancelled"}
    assert len(made) == 2


@pytest.mark.parametrize(
    ("wanted", "starts", "now", "found"),
    [
        ("18:00", "1 14:00", "09:00", "18:00"),
        # The first minute of the quiet hours is quiet, their last is not.
        ("20:59", "1 14:00", "09:00", "20:59"),
        ("21:00", "1 14:00", "09:00", "20:45"),
        ("23:30", "1 14:00", "09:00", "20:45"),
        ("1 06:59", "1 14:00", "09:00", "20:45"),
        ("1 07:00", "1 14:00", "09:00", "1 07:00"),
        # Booked in the evening: before them is over, so it goes when they end.
        ("1 06:00", "1 08:00", "20:45", "1 07:00"),
        ("1 06:00", "1 08:00", "22:00", "1 07:00"),
        # And not at all where that would be too late, or where the time has passed.
        ("1 05:00", "1 07:00", "22:00", None),
        ("18:00", "1 14:00", "18:00", None),
        ("09:00", "09:00", "08:00", None),
    ],
)
def test_quiet_hours_shift_and_never_past_the_appointment(
    clinic: Clinic, wanted: str, starts: str, now: str, found: str | None
) -> None:
    def moment(text_: str) -> datetime:
        days, _, clock = text_.rpartition(" ")
        return local(date(2026, 11, 21) + timedelta(days=int(days or 0)), clock)

    with clinic.hospital.superuser() as connection:
        row = connection.execute(
            "SELECT reminder_time(%s, %s, '21:00', '07:00', %s)", (moment(wanted), moment(starts), moment(now))
        ).fetchone()
    assert row == (moment(found) if found else None,)


@pytest.mark.parametrize(
    ("begins", "ends", "clock", "quiet"),
    [
        ("21:00", "07:00", "03:00", True),
        ("21:00", "07:00", "12:00", False),
        ("12:00", "13:30", "12:00", True),
        ("12:00", "13:30", "13:30", False),
        ("00:00", "00:00", "00:00", False),
    ],
)
def test_what_is_quiet(clinic: Clinic, begins: str, ends: str, clock: str, quiet: bool) -> None:
    with clinic.hospital.superuser() as connection:
        row = connection.execute(
            "SELECT reminder_quiet(%s, %s::time, %s::time)", (local(date(2026, 11, 21), clock), begins, ends)
        ).fetchone()
    assert row == (quiet,)


def test_somebody_at_the_desk_stops_one_and_sends_one_now(clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    switch_on(clinic)
    made = booked(clinic)
    wish(clinic, made.patient_id, email="on")
    with clinic.hospital.superuser() as connection:
        connection.execute("UPDATE patients SET email = 'nguoi.benh@vidu.example'")
    desk = clinic.actor("receptionist")
    with clinic.uow() as uow:
        first, second = reminders_of(uow=uow, appointment_id=made.id)
        assert (first.obstacle, second.obstacle) == (None, None)
        stopped = stop(uow=uow, actor=desk, reminder_id=first.id)
        assert (stopped.status, stopped.reason) == ("cancelled", "by_staff")
        with pytest.raises(ReminderGone):
            stop(uow=uow, actor=desk, reminder_id=first.id)
        sent = send_now(uow=uow, actor=desk, appointment_id=made.id, channel="email")
        assert send_now(uow=uow, actor=desk, appointment_id=made.id, channel="email").id == sent.id
        assert again(uow=uow, actor=desk, reminder_id=first.id).id == sent.id
        with pytest.raises(ReminderGone):
            again(uow=uow, actor=desk, reminder_id=second.id)
        with pytest.raises(InvalidFields):
            send_now(uow=uow, actor=desk, appointment_id=made.id, channel="pigeon")
        uow.commit()
        actions = set(uow.session.scalars(select(AuditLog.action).where(AuditLog.patient_id == made.patient_id)))
    assert {"reminder.stop", "reminder.ask", "reminder.wishes"} <= actions
    # What somebody stopped is not planned for the same time again.
    switch_on(clinic, hours_before=3)
    assert rows_of(clinic.hospital).count(("email", "day_before", "pending", None)) == 0
    with other.uow() as uow:
        with pytest.raises(NotFound):
            stop(uow=uow, actor=other.admin, reminder_id=second.id)
        with pytest.raises(NotFound):
            send_now(uow=uow, actor=other.admin, appointment_id=made.id, channel="email")
        with pytest.raises(NotFound):
            again(uow=uow, actor=other.admin, reminder_id=first.id)


def test_why_none_can_be_sent_is_said(clinic: Clinic) -> None:
    made = booked(clinic)

    def refusal() -> str:
        with clinic.uow() as uow, pytest.raises(ReminderNotPossible) as refused:
            send_now(uow=uow, actor=clinic.admin, appointment_id=made.id, channel="email")
        return str(refused.value.data["reason"])

    assert refusal() == "settings"
    switch_on(clinic, needs_consent=True)
    assert refusal() == "no_consent"
    wish(clinic, made.patient_id, email="off")
    assert refusal() == "opted_out"
    wish(clinic, made.patient_id, email="on")
    with clinic.hospital.superuser() as connection:
        connection.execute("UPDATE patients SET email = NULL")
    assert refusal() == "no_address"
    with clinic.uow() as uow:
        act(uow=uow, actor=clinic.admin, appointment_id=made.id, action="cancel", reason="Bận")
        uow.commit()
    assert refusal() == "appointment"
    assert not [row for row in rows_of(clinic.hospital) if row[1] == "now"]


def test_wishes_are_the_patients_and_stay_until_changed(clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    patient = clinic.patient().patient.id
    with clinic.uow() as uow:
        assert wishes_of(uow=uow, patient_id=patient) == Wishes()
        set_wishes(uow=uow, actor=clinic.admin, patient_id=patient, given={"email": "on", "language": "en"})
        found = set_wishes(uow=uow, actor=clinic.admin, patient_id=patient, given={"email": "off"})
        assert found == Wishes(email="off", language="en")
        for wrong in ({"email": "maybe"}, {"fax": "on"}, {"language": "fr"}):
            with pytest.raises(InvalidFields):
                set_wishes(uow=uow, actor=clinic.admin, patient_id=patient, given=wrong)
        uow.commit()
    with other.uow() as uow:
        assert wishes_of(uow=uow, patient_id=patient) == Wishes()
        with pytest.raises(NotFound):
            set_wishes(uow=uow, actor=other.admin, patient_id=patient, given={"email": "on"})


def test_a_patients_role_sees_and_changes_its_own_wishes_only(clinic: Clinic) -> None:
    one, other = (clinic.patient().patient.id for _ in range(2))
    wish(clinic, other, email="on")
    with clinic.hospital.connect("portal", autocommit=False) as connection:
        connection.execute("SELECT set_config('sokham.patient_id', %s, true)", (str(one),))
        assert connection.execute("SELECT * FROM patient_portal_preferences").fetchall() == []
        changed = connection.execute("UPDATE patient_portal_preferences SET preference_value = 'off'")
        assert changed.rowcount == 0
        with pytest.raises(Exception, match="row-level security"):
            connection.execute(
                "INSERT INTO patient_portal_preferences (patient_id, preference_key, preference_value)"
                " VALUES (%s, 'reminders.sms', 'on')",
                (other,),
            )


def test_settings_hold_together(clinic: Clinic) -> None:
    with clinic.uow() as uow:
        found = reminder_settings(uow=uow)
        for wrong in (
            {"hours_before": 0},
            {"most_a_day": 1000},
            {"quiet_from": None},
            {"no_show_after": 1},
            {"day_before_at": time(18, 0, 1)},
        ):
            with pytest.raises(InvalidFields) as refused:
                change_settings(uow=uow, actor=clinic.admin, version=found.version, given=wrong)
            assert set(refused.value.errors) == set(wrong)
        with pytest.raises(PreconditionFailed):
            change_settings(uow=uow, actor=clinic.admin, version=found.version + 1, given={"email_on": True})
        changed = change_settings(uow=uow, actor=clinic.admin, version=found.version, given={"day_before_at": None})
        assert changed.day_before_at is None


@pytest.mark.parametrize(("channel", "to"), [("email", "khong phai"), ("sms", "024 3869 3731"), ("sms", "x")])
def test_a_test_goes_to_an_address_that_can_have_it(clinic: Clinic, channel: str, to: str) -> None:
    with clinic.uow() as uow:
        with pytest.raises(InvalidFields) as refused:
            send_test(uow=uow, actor=clinic.admin, channel=channel, to=to)
        assert set(refused.value.errors) == {"to"}
        made = send_test(uow=uow, actor=clinic.admin, channel="sms", to="+84 912 345 678")
        assert (made.kind, made.status, made.appointment_id) == ("test", "pending", None)


def _move(clinic: Clinic, appointment_id: UUID, start: str) -> None:
    with clinic.uow() as uow:
        uow.session.execute(
            text(
                "UPDATE appointments SET start_time = :start, end_time = CAST(:start AS time) + '45 min' WHERE id = :id"
            ),
            {"start": time.fromisoformat(start), "id": appointment_id},
        )
        uow.commit()
