"""The file for a phone's calendar: what RFC 5545 asks for, the right time, and nothing of the patient."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from uuid import UUID

import pytest

from tenant_app.appointments.calendar_file import calendar_file, file_name
from tenant_app.appointments.queries import AppointmentRow
from tenant_app.hospital.public import Hospital

NOW = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
HOSPITAL = Hospital(
    tenant_code="hong-ha",
    name="Bệnh viện Đa khoa Hồng Hà",
    display_name=None,
    address="12 Lê Lợi, Phường Bến Nghé; Quận 1",
    phone="02838291711",
    email=None,
    website=None,
    license_number=None,
    tax_code=None,
    business_hours=None,
    version=1,
)
ROW = AppointmentRow(
    id=UUID("01a1fcf5-f499-7000-8000-000000000001"),
    appointment_code="LH-000042",
    patient_id=UUID(int=1),
    patient_code="BN-000007",
    patient_name="Nguyễn Thị Ẩn",
    doctor_id=UUID(int=2),
    doctor_name="Trần Quốc Hùng",
    department_id=UUID(int=3),
    department_name="Khoa Ung bướu",
    appointment_date=date(2026, 11, 24),
    start_time=time(8, 30),
    end_time=time(9),
    appointment_type="consultation",
    status="scheduled",
    source="hospital_staff",
    reason="Đau ngực, ho ra máu",
    cancellation_reason=None,
    outside_reason="Bác sĩ đồng ý",
    confirmed_at=None,
    started_at=None,
    completed_at=None,
    cancelled_at=None,
    cancelled_by_kind=None,
    created_at=NOW,
    version=3,
)


def made(row: AppointmentRow = ROW) -> bytes:
    return calendar_file(row, hospital=HOSPITAL, now=NOW, translate=lambda text: text)


def read(content: bytes) -> dict[str, str]:
    """The event's properties, unfolded; of a name with parameters, the whole of it."""
    text = content.replace(b"\r\n ", b"").decode()
    event = text.partition("BEGIN:VEVENT\r\n")[2].partition("BEGIN:VALARM")[0].partition("END:VEVENT")[0]
    return dict(line.split(":", 1) for line in event.splitlines())


def test_when_and_where_in_the_zone_of_the_hospital() -> None:
    event = read(made())
    assert event["DTSTART;TZID=Asia/Ho_Chi_Minh"] == "20261124T083000"
    assert event["DTEND;TZID=Asia/Ho_Chi_Minh"] == "20261124T090000"
    assert event["DTSTAMP"] == "20261121T030405Z"
    assert event["LOCATION"] == r"Bệnh viện Đa khoa Hồng Hà\, 12 Lê Lợi\, Phường Bến Nghé\; Quận 1"
    assert event["SUMMARY"] == "Appointment at Bệnh viện Đa khoa Hồng Hà"
    assert r"LH-000042\nPlease bring" in event["DESCRIPTION"]
    assert (event["UID"], event["SEQUENCE"]) == ("01a1fcf5-f499-7000-8000-000000000001@sokham", "3")
    assert event["CLASS"] == "PRIVATE"
    assert b"TZID:Asia/Ho_Chi_Minh\r\nBEGIN:STANDARD\r\nDTSTART:19750613T000000\r\nTZOFFSETFROM:+0700\r\n" in made()


def test_nothing_of_the_patient_is_in_it() -> None:
    text = made().replace(b"\r\n ", b"").decode()
    for private in ("Ẩn", "BN-000007", "Hùng", "Ung bướu", "Đau ngực", "đồng ý", str(ROW.patient_id)):
        assert private not in text


def test_lines_are_short_end_as_they_should_and_hold_whole_letters() -> None:
    content = made()
    assert content.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")
    for line in content.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()


@pytest.mark.parametrize(
    ("status", "said", "rings"), [("confirmed", "CONFIRMED", True), ("cancelled", "CANCELLED", False)]
)
def test_loaded_again_it_says_that_it_was_cancelled(status: str, said: str, rings: bool) -> None:
    content = made(replace(ROW, status=status))
    assert read(content)["STATUS"] == said
    assert (b"BEGIN:VALARM" in content) is rings


def test_its_name_is_of_letters_that_every_phone_takes() -> None:
    assert file_name(ROW) == "hen-kham-LH-000042.ics"
