"""One's own appointments: over all hospitals, booked within what is offered, cancelled in time, nobody else's."""

import threading
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from werkzeug.test import TestResponse

from kernel.clock import local_today, utc_now
from patient_portal.appointments.rules import bookable_days
from tenant_app.calendar.public import WEEKDAYS, NewHoliday, add_holiday
from tenant_app.hospital.public import change_details, hospital_info
from tenant_app.staff.public import create_department
from tests.support.clinic import Clinic
from tests.support.patient_portal import Member, PatientPortal, away, csrf_token
from tests.support.schedules import away as absent
from tests.support.schedules import hours


def a_day(ahead: int = 2) -> date:
    """A day on which the hospital may be booked from its first time on."""
    return next(day for day in bookable_days(now=utc_now(), count=20) if day >= local_today() + timedelta(days=ahead))


def wish(clinic: Clinic, start: str = "08:00", **more: Any) -> dict[str, Any]:
    return {
        "doctor_id": str(clinic.doctor_id),
        "appointment_date": a_day().isoformat(),
        "start_time": start,
        **more,
    }


def book(
    member: Member, clinic: Clinic, start: str = "08:00", *, headers: Mapping[str, str] | None = None, **more: Any
) -> TestResponse:
    path = f"/hospitals/{clinic.hospital.tenant_code}/appointments"
    return member("POST", path, wish(clinic, start, **more), **(headers or {}))


def code_of(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, (answer.json or {})["code"]


def test_a_free_time_is_booked_and_seen_by_the_hospital(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    answer = book(member, clinic, reason="Đau lưng")
    assert answer.status_code == 201, answer.text
    made = answer.json or {}
    assert answer.headers["ETag"] == '"1"'
    assert member("GET", answer.headers["Location"].removeprefix("/api/v1")).json == made
    assert (made["start_time"], made["end_time"], made["status"]) == ("08:00", "08:30", "scheduled")
    assert (made["source"], made["tenant_code"]) == ("web_portal", clinic.hospital.tenant_code)
    assert made["department_id"] == str(clinic.department_id)
    assert not {"notes", "created_by", "patient_id"} & set(made)
    with clinic.hospital.superuser() as connection:
        rows = connection.execute("SELECT source, created_by, patient_id FROM appointments").fetchall()
        actions = connection.execute(
            "SELECT action FROM audit_logs WHERE actor_kind = 'patient' ORDER BY created_at, id"
        ).fetchall()
    assert rows == [("web_portal", None, member.record.patient.id)]
    assert [action for (action,) in actions] == ["auth.activate", "appointment.book", "appointment.read"]


def test_patients_never_book_outside_the_hours_nor_on_a_holiday(portal: PatientPortal) -> None:
    """As the hospital set them; at the other hospital nothing changes."""
    clinic, other = portal.clinics
    mornings = {day: [["08:00", "09:00"]] for day in WEEKDAYS}
    with clinic.uow() as uow:
        seen = hospital_info(uow=uow).version
        change_details(uow=uow, actor=clinic.admin, version=seen, details={"business_hours": mornings})
        uow.commit()
    member, elsewhere = portal.activated(clinic), portal.activated(other)
    path = f"/hospitals/{clinic.hospital.tenant_code}/doctors/{clinic.doctor_id}/free-times?date={a_day()}"
    assert [each["start_time"] for each in (member("GET", path).json or {})["items"]] == ["08:00", "08:30"]
    assert code_of(book(member, clinic, "09:00")) == (422, "invalid_fields")
    with clinic.uow() as uow:
        add_holiday(uow=uow, actor=clinic.admin, new=NewHoliday(name="Họp toàn viện", first_day=a_day()))
        uow.commit()
    assert (member("GET", path).json or {})["items"] == []
    assert code_of(book(member, clinic, "08:00")) == (422, "invalid_fields")
    assert book(elsewhere, other, "09:00").status_code == 201


def test_patients_get_the_slots_of_the_doctors_schedule_and_nothing_else(portal: PatientPortal) -> None:
    """In its length, in its department, not while the doctor is away; another doctor keeps the hospital's hours."""
    clinic = portal.clinics[0]
    member, day = portal.activated(clinic), a_day()
    with clinic.uow() as uow:
        ward = create_department(uow=uow, actor=clinic.admin, code="NHI", name="Khoa Nhi").id
        uow.commit()
    hours(clinic, "07:00", "08:40", department_id=ward)
    absent(clinic, day, start="07:20", end="07:40")
    path = f"/hospitals/{clinic.hospital.tenant_code}/doctors/{clinic.doctor_id}/free-times?date={day}"
    items = (member("GET", path).json or {})["items"]
    assert [each["start_time"] for each in items] == ["07:00", "07:40", "08:00", "08:20"]
    assert items[0]["end_time"] == "07:20"
    for start in ("07:20", "08:10", "09:00"):
        assert code_of(book(member, clinic, start)) == (422, "invalid_fields")
    elsewhere = book(member, clinic, "08:00", department_id=str(clinic.department_id))
    assert set((elsewhere.json or {})["errors"]) == {"department_id"}
    made = book(member, clinic, "08:00")
    assert made.status_code == 201, made.text
    assert ((made.json or {})["end_time"], (made.json or {})["department_id"]) == ("08:20", str(ward))
    assert book(member, clinic, "09:00", doctor_id=str(clinic.doctor_ids[1])).status_code == 201
    absent(clinic, day)
    assert (member("GET", path).json or {})["items"] == []


def test_what_is_taken_is_neither_offered_nor_given(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    member, other = portal.activated(clinic), portal.activated(clinic)
    assert book(member, clinic, "09:00").status_code == 201
    path = f"/hospitals/{clinic.hospital.tenant_code}/doctors/{clinic.doctor_id}/free-times"
    offered = [each["start_time"] for each in (other("GET", f"{path}?date={a_day()}").json or {})["items"]]
    assert "09:00" not in offered
    assert "09:30" in offered
    assert code_of(book(other, clinic, "09:00")) == (409, "slot_taken")
    second = str(clinic.doctor_ids[1])
    assert book(other, clinic, "09:00", doctor_id=second).status_code == 201


def test_what_is_not_offered_is_not_booked(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    unknown = "00000000-0000-7000-8000-000000000000"
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"start_time": "08:10"}, "start_time"),
        ({"start_time": "12:00"}, "start_time"),
        ({"start_time": "20:00"}, "start_time"),
        ({"appointment_date": "2020-01-06"}, "start_time"),
        ({"appointment_date": "2199-01-07"}, "start_time"),
        ({"appointment_date": "9999-12-31"}, "start_time"),
        ({"end_time": "10:30"}, "end_time"),
        ({"doctor_id": unknown}, "doctor_id"),
        ({"department_id": unknown}, "department_id"),
        ({"appointment_type": "emergency"}, "appointment_type"),
        ({"patient_id": unknown}, "patient_id"),
        ({"source": "hospital_staff"}, "source"),
    ]
    for change, field in wrong:
        answer = book(member, clinic, **change)
        assert answer.status_code == 422
        assert set((answer.json or {})["errors"]) == {field}


def test_nobody_is_in_two_places_or_keeps_all_times(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    assert book(member, clinic, "08:00").status_code == 201
    second = str(clinic.doctor_ids[1])
    assert code_of(book(member, clinic, "08:00", doctor_id=second)) == (409, "own_appointment_overlaps")
    for start in ("08:30", "09:00", "09:30", "10:00"):
        assert book(member, clinic, start).status_code == 201
    refused = book(member, clinic, "10:30")
    assert code_of(refused) == (409, "too_many_appointments")
    assert (refused.json or {})["at_most"] == 5


def test_of_many_at_once_one_gets_the_time(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    members = [portal.activated(clinic) for _ in range(4)]
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda who=who: statuses.append(book(who, clinic).status_code)) for who in members
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 409, 409, 409]


def test_a_taken_time_costs_no_word_on_the_page(portal: PatientPortal) -> None:
    """The times that are left stand under what happened, and what was written goes on to the next choice."""
    clinic = portal.clinics[0]
    first, second = portal.activated(clinic), portal.activated(clinic)
    client, path = second.browser(), f"/hospitals/{clinic.hospital.tenant_code}/book"
    form = {
        "csrf_token": csrf_token(client.get(path)),
        "department": str(clinic.department_id),
        "doctor": str(clinic.doctor_id),
        "day": a_day().isoformat(),
        "time": "08:00",
        "reason": "Đau đầu, mất ngủ hai tuần nay",
    }
    assert book(first, clinic).status_code == 201
    refused = client.post(path, data=form)
    assert refused.status_code == 409
    assert "Đau đầu" in refused.text
    assert 'name="time" value="08:30"' in refused.text
    assert 'name="time" value="08:00"' not in refused.text
    again = client.post(path, data={**form, "time": "08:30", "step": "time"})
    assert again.status_code == 200
    assert ">Đau đầu, mất ngủ hai tuần nay</textarea>" in again.text
    assert client.post(path, data={**form, "time": "08:30"}).status_code == 303
    rows = (second("GET", "/appointments").json or {})["items"]
    assert [(row["start_time"], row["reason"]) for row in rows] == [("08:30", "Đau đầu, mất ngủ hai tuần nay")]


def test_ones_own_goes_into_the_phones_calendar_and_nobody_elses(portal: PatientPortal) -> None:
    clinic, other = portal.clinics
    member, neighbour, stranger = portal.activated(clinic), portal.activated(clinic), portal.activated(other)
    made = book(member, clinic, reason="Đau lưng").json or {}
    page = f"/hospitals/{clinic.hospital.tenant_code}/appointments/{made['id']}"
    client = member.browser()
    assert f"{page}/calendar.ics" in client.get(page).text
    file = client.get(f"{page}/calendar.ics")
    assert (file.status_code, file.mimetype) == (200, "text/calendar")
    text = file.text.replace("\r\n ", "")
    assert f"{a_day():%Y%m%d}T080000" in text
    for private in ("Đau lưng", member.who.cccd, member.who.full_name, made["doctor_name"], made["department_name"]):
        assert private not in text
    for somebody in (neighbour, stranger):
        assert somebody.browser().get(f"{page}/calendar.ics").status_code == 404


def test_the_same_request_twice_books_once(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    key = {"Idempotency_Key": "one-press-of-the-button"}
    first, second = book(member, clinic, headers=key), book(member, clinic, headers=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json
    here = f"/api/v1/hospitals/{clinic.hospital.tenant_code}/appointments/{(first.json or {})['id']}"
    assert [answer.headers["Location"] for answer in (first, second)] == [here, here]
    assert first.headers["ETag"] == second.headers["ETag"]
    assert code_of(book(member, clinic, "10:00", headers=key)) == (409, "idempotency_key_reused")


def test_one_cancels_before_the_time(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    made = book(member, clinic).json or {}
    path = f"/hospitals/{clinic.hospital.tenant_code}/appointments/{made['id']}/cancel"
    assert member("POST", path, {}, If_Match='"7"').status_code == 412
    answer = member("POST", path, {"reason": "Bận việc"}, If_Match='"1"')
    assert answer.status_code == 200, answer.text
    assert ((answer.json or {})["status"], (answer.json or {})["cancelled_by_kind"]) == ("cancelled", "patient")
    assert code_of(member("POST", path, {})) == (409, "transition_not_allowed")
    assert book(member, clinic).status_code == 201


def test_without_a_reason_staff_read_that_the_patient_did_it(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    made = book(member, clinic).json or {}
    path = f"/hospitals/{clinic.hospital.tenant_code}/appointments/{made['id']}/cancel"
    assert member("POST", path, {}).status_code == 200
    with clinic.hospital.superuser() as connection:
        assert connection.execute("SELECT cancellation_reason, cancelled_by FROM appointments").fetchone() == (
            "Người bệnh tự hủy trên cổng bệnh nhân",
            None,
        )


def test_what_has_begun_is_not_cancelled_here(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    made = book(member, clinic).json or {}
    with clinic.hospital.superuser() as connection:
        connection.execute("UPDATE appointments SET appointment_date = current_date - 2")
    path = f"/hospitals/{clinic.hospital.tenant_code}/appointments/{made['id']}/cancel"
    assert code_of(member("POST", path, {})) == (409, "appointment_begun")


def test_staff_confirm_and_the_patient_may_still_cancel(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    made = book(member, clinic).json or {}
    with clinic.hospital.superuser() as connection:
        connection.execute("UPDATE appointments SET status = 'confirmed', updated_by = %s", (clinic.admin.id,))
    path = f"/hospitals/{clinic.hospital.tenant_code}/appointments/{made['id']}/cancel"
    assert member("POST", path, {}).status_code == 200


def test_another_patients_appointment_does_not_exist(portal: PatientPortal) -> None:
    here, there = portal.clinics
    member, other = portal.activated(here), portal.activated(here)
    linked = member.link(there)
    there.appointment(linked.patient.id)
    elsewhere = there.appointment(there.patient().patient.id, start="10:00", end="10:30")
    foreign = (book(other, here).json or {})["id"]
    for code, wanted in (
        (here.hospital.tenant_code, foreign),
        (there.hospital.tenant_code, elsewhere.id),
        (there.hospital.tenant_code, foreign),
        (here.hospital.tenant_code, elsewhere.id),
        (here.hospital.tenant_code, "00000000-0000-7000-8000-000000000000"),
    ):
        assert code_of(member("GET", f"/hospitals/{code}/appointments/{wanted}")) == (404, "not_found")
        assert code_of(member("POST", f"/hospitals/{code}/appointments/{wanted}/cancel", {})) == (404, "not_found")
    with here.hospital.superuser() as connection:
        assert connection.execute("SELECT status FROM appointments").fetchall() == [("scheduled",)]


def test_the_list_is_one_over_all_hospitals_page_by_page(portal: PatientPortal) -> None:
    here, there = portal.clinics
    member = portal.activated(here)
    member.link(there)
    for clinic, start in ((here, "08:00"), (there, "08:30"), (here, "09:00"), (there, "09:30"), (here, "10:00")):
        assert book(member, clinic, start).status_code == 201
    seen, cursor = [], ""
    while True:
        page = member("GET", f"/appointments?limit=2{cursor}").json or {}
        seen += [(each["start_time"], each["tenant_code"]) for each in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    a, b = here.hospital.tenant_code, there.hospital.tenant_code
    assert seen == [("08:00", a), ("08:30", b), ("09:00", a), ("09:30", b), ("10:00", a)]
    assert (member("GET", f"/appointments?until={local_today()}").json or {})["items"] == []
    assert member("GET", "/appointments?cursor=nonsense").status_code == 422
    assert member("GET", "/appointments?patient_id=1").status_code == 422


def test_a_hospital_that_is_away_is_named_and_the_others_work(portal: PatientPortal) -> None:
    here, there = portal.clinics
    member = portal.activated(here)
    member.link(there)
    assert book(member, here).status_code == 201
    assert book(member, there, "09:00").status_code == 201
    with away(there.hospital):
        answer = member("GET", "/appointments").json or {}
        assert [each["tenant_code"] for each in answer["items"]] == [here.hospital.tenant_code]
        assert answer["unavailable"] == [there.hospital.tenant_code]
        assert book(member, here, "10:00").status_code == 201
        assert book(member, there, "10:00").status_code == 503


def test_reading_ones_own_is_written_down_at_each_hospital(portal: PatientPortal) -> None:
    here, there = portal.clinics
    member = portal.activated(here)
    linked = member.link(there)
    assert member("GET", "/appointments").status_code == 200
    for clinic, patient_id in ((here, member.record.patient.id), (there, linked.patient.id)):
        with clinic.hospital.superuser() as connection:
            found = connection.execute(
                "SELECT l.patient_id, a.patient_id FROM audit_logs l JOIN patient_users a ON a.id = l.user_id"
                " WHERE l.action = 'appointment.list' AND l.portal = 'patient'"
            ).fetchall()
        assert found == [(patient_id, patient_id)]
