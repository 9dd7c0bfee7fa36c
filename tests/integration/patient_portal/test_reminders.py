"""Whether a patient wants reminders: said at each hospital of the session, and nowhere else."""

from tenant_app.reminders.public import wishes_of
from tests.support.clinic import Clinic
from tests.support.patient_portal import PatientPortal, csrf_token
from tests.support.reminding import rows_of, switch_on


def path(clinic: Clinic) -> str:
    return f"/hospitals/{clinic.hospital.tenant_code}/reminder-wishes"


def test_wishes_over_the_api(portal: PatientPortal) -> None:
    here, there = portal.clinics
    member = portal.activated(here)
    assert member("GET", path(here)).json == {"email": None, "sms": None, "language": "vi"}
    assert member("PUT", path(here), {"email": "on", "language": "en"}).json == {
        "email": "on",
        "sms": None,
        "language": "en",
    }
    assert member("PUT", path(here), {"email": "perhaps"}).status_code == 422
    assert member("GET", path(there)).status_code == 404
    assert member("PUT", path(there), {"email": "on"}).status_code == 404
    with there.hospital.superuser() as connection:
        assert connection.execute("SELECT * FROM patient_portal_preferences").fetchall() == []


def test_wishes_by_the_page(portal: PatientPortal) -> None:
    here, there = portal.clinics
    member = portal.activated(here)
    member.link(there)
    client = member.browser()
    assert "không gửi tin nhắc" in client.get("/reminders").text
    switch_on(here, sms_on=True, needs_consent=True)
    shown = client.get("/reminders")
    assert "Có, hãy nhắc tôi" in shown.text
    answer = client.post(
        f"/hospitals/{here.hospital.tenant_code}/reminders",
        data={"csrf_token": csrf_token(shown), "email": "off", "sms": "on", "language": "vi"},
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/reminders")
    assert "Đã lưu lựa chọn" in client.get("/reminders").text
    with here.uow() as uow:
        found = wishes_of(uow=uow, patient_id=member.record.patient.id)
    assert (found.email, found.sms) == ("off", "on")


def test_what_a_patient_cancels_is_not_reminded_of(portal: PatientPortal) -> None:
    """The portal's role may not write reminders: the database does."""
    here, _ = portal.clinics
    switch_on(here, day_before_at=None, hours_before=1)
    member = portal.activated(here)
    here.appointment(member.record.patient.id, start="23:00", end="23:30")
    assert [row[1] for row in rows_of(here.hospital)] == ["hours_before"]
    (appointment,) = (member("GET", "/appointments").json or {})["items"]
    cancel = f"/hospitals/{here.hospital.tenant_code}/appointments/{appointment['id']}/cancel"
    assert member("POST", cancel, {"reason": "Bận"}).status_code == 200
    assert rows_of(here.hospital, "status, reason") == [("cancelled", "appointment")]
