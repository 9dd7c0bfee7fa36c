"""Reminders by the page, complete without JavaScript."""

from collections.abc import Callable
from typing import Any

import pytest

from tenant_app.appointments.public import act
from tenant_app.patients.public import NewContact, add_contact
from tenant_app.reminders.public import reminder_settings, reminders_of, send_test, wishes_of
from tests.support.clinic import Clinic
from tests.support.counting import Counting
from tests.support.reminding import switch_on
from tests.support.staff_browser import Browser, sent_as_shown

SignIn = Callable[[Clinic, str], Browser]
SETTINGS = "/hospital/reminders"


@pytest.fixture
def appointment(clinic: Clinic) -> Any:
    switch_on(clinic, sms_on=True)
    patient = clinic.patient().patient.id
    with clinic.hospital.superuser() as connection:
        connection.execute("UPDATE patients SET email = 'nguoi.benh@vidu.example', phone = '0912345678'")
    return clinic.appointment(patient, start="23:00", end="23:30")


def test_the_desk_sees_stops_and_sends(
    sign_in: SignIn, clinic: Clinic, appointment: Any, count_queries: Counting
) -> None:
    desk = sign_in(clinic, "receptionist")
    path = f"/appointments/{appointment.id}/reminders"
    with count_queries() as counted:
        shown = desk.get(path)
    assert counted.total <= 12
    assert "Sẽ gửi" in shown
    assert "nguoi.benh@vidu.example" in shown
    assert path in desk.get("/today", day=str(appointment.appointment_date), doctor="")
    with clinic.uow() as uow:
        first = reminders_of(uow=uow, appointment_id=appointment.id)[0]
    assert desk.post(f"/reminders/{first.id}/stop").status_code == 303
    assert "Quầy đã dừng" in desk.get(path)
    assert desk.post(path, channel="email").headers["Location"] == path
    assert "Quầy gửi ngay" in desk.get(path)
    assert desk.post(f"/reminders/{first.id}/stop").status_code == 303


def test_a_childs_page_says_that_the_guardian_gets_the_sms(
    sign_in: SignIn, clinic: Clinic, appointment: Any, count_queries: Counting
) -> None:
    desk, path = sign_in(clinic, "receptionist"), f"/appointments/{appointment.id}/reminders"
    with clinic.hospital.superuser() as connection:
        connection.execute("UPDATE patients SET date_of_birth = current_date - 2000")
    mother = NewContact(full_name="Lê Thị Hoa", phone="0987654321", relation="mẹ", is_guardian=True)
    with clinic.uow() as uow:
        add_contact(uow=uow, actor=clinic.admin, patient_id=appointment.patient_id, new=mother)
        uow.commit()
    with count_queries() as counted:
        shown = desk.get(path)
    assert counted.total <= 12
    assert "Tin SMS gửi đến Lê Thị Hoa, người giám hộ." in shown
    assert "0987654321 · Lê Thị Hoa" in shown
    assert "0912345678" not in shown


def test_a_refusal_says_why(sign_in: SignIn, clinic: Clinic, appointment: Any) -> None:
    desk = sign_in(clinic, "receptionist")
    path = f"/patients/{appointment.patient_id}"
    assert desk.post(f"{path}/reminder-wishes", email="off", sms="on", next=path).headers["Location"] == path
    with clinic.uow() as uow:
        assert wishes_of(uow=uow, patient_id=appointment.patient_id).email == "off"
    refused = desk.post(f"/appointments/{appointment.id}/reminders", channel="email")
    assert refused.status_code == 409
    assert "Người bệnh không muốn nhận" in refused.text
    assert desk.post(f"{path}/reminder-wishes", email="on", next="https://evil.example").headers["Location"] == path


def test_settings_are_saved_as_shown_and_refused_with_their_faults(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    shown = sent_as_shown(admin.get(SETTINGS))
    fields = {name: text for name, text in shown.items() if name not in {"to", "channel"}}
    assert fields["day_before_at"] == "18:00"
    saved = admin.post(SETTINGS, **{**fields, "email_on": "1", "hours_before": "", "no_show_after": "60"})
    assert saved.status_code == 303, saved.text
    with clinic.uow() as uow:
        found = reminder_settings(uow=uow)
        assert (found.email_on, found.sms_on, found.hours_before, found.no_show_after) == (True, False, None, 60)
    late = admin.post(SETTINGS, **{**fields, "email_on": ""})
    assert late.status_code == 412
    fresh = sent_as_shown(admin.get(SETTINGS))
    wrong = admin.post(SETTINGS, **{**fresh, "quiet_from": "25:00", "most_a_day": "x", "hours_before": "40"})
    assert wrong.status_code == 422
    assert 'value="25:00"' in wrong.text
    assert sign_in(clinic, "receptionist").client.get(SETTINGS).status_code == 403


def test_a_test_message_is_asked_for(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    assert admin.post(f"{SETTINGS}/test", channel="email", to="toi@vidu.example").status_code == 303
    assert "Sẽ gửi" in admin.get(SETTINGS)
    wrong = admin.post(f"{SETTINGS}/test", channel="sms", to="02438001234")
    assert wrong.status_code == 422
    assert 'value="02438001234"' in wrong.text


def test_what_failed_is_listed_and_sent_again(sign_in: SignIn, clinic: Clinic, appointment: Any) -> None:
    desk = sign_in(clinic, "receptionist")
    assert "Không có việc cần làm" in desk.get("/reminders")
    with clinic.hospital.superuser() as connection:
        connection.execute(
            "UPDATE appointment_reminders SET status = 'failed', reason = 'smtp_554' WHERE reminder_type = 'email'"
        )
    shown = desk.get("/reminders")
    assert "Máy chủ từ chối (554)" in shown
    assert "tin nhắc không gửi được" in desk.get("/today")
    with clinic.uow() as uow:
        broken = next(row for row in reminders_of(uow=uow, appointment_id=appointment.id) if row.status == "failed")
    assert desk.post(f"/reminders/{broken.id}/again").status_code == 303
    with clinic.uow() as uow:
        assert "now" in {row.kind for row in reminders_of(uow=uow, appointment_id=appointment.id)}
    # Somebody has seen to it.
    assert "Không có việc cần làm" in desk.get("/reminders")
    assert "tin nhắc không gửi được" not in desk.get("/today")


def test_only_what_still_matters_needs_somebody(sign_in: SignIn, clinic: Clinic, appointment: Any) -> None:
    """Neither a test that failed, nor the reminder of an appointment that is no more."""
    desk = sign_in(clinic, "receptionist")
    with clinic.uow() as uow:
        send_test(uow=uow, actor=clinic.admin, channel="email", to="quantri@vidu.example")
        uow.commit()
    failed = "UPDATE appointment_reminders SET status = 'failed', reason = 'smtp_554' WHERE "
    with clinic.hospital.superuser() as connection:
        connection.execute(failed + "kind = 'test'")
    assert "không gửi được" not in desk.get("/today")
    with clinic.hospital.superuser() as connection:
        connection.execute(failed + "kind <> 'test'")
    assert "không gửi được" in desk.get("/today")
    with clinic.uow() as uow:
        act(uow=uow, actor=clinic.admin, appointment_id=appointment.id, action="cancel", reason="Bận")
        uow.commit()
    assert "không gửi được" not in desk.get("/today")
    assert "Không có việc cần làm" in desk.get("/reminders")


def test_the_other_hospital_finds_none(sign_in: SignIn, clinics: tuple[Clinic, Clinic], appointment: Any) -> None:
    clinic, other = clinics
    with clinic.uow() as uow:
        first = reminders_of(uow=uow, appointment_id=appointment.id)[0]
    stranger = sign_in(other, "admin")
    assert stranger.client.get(f"/appointments/{appointment.id}/reminders").status_code == 404
    assert stranger.post(f"/reminders/{first.id}/stop").status_code == 404
    assert stranger.post(f"/patients/{appointment.patient_id}/reminder-wishes", email="on").status_code == 404
