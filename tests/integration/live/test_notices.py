"""The bell without reloading: whoever a notice is for hears that there is one, and nobody else."""

from sqlalchemy import update

from kernel.clock import utc_now
from tenant_app.live.public import notices_topic
from tenant_app.staff.models import StaffSession
from tests.support.clinic import Clinic, tomorrow
from tests.support.live import OpenWindow, SignIn
from tests.support.staff_browser import Browser
from tests.support.waiting import wait_until


def own(browser: Browser) -> str:
    assert browser.user_id is not None
    return notices_topic(browser.user_id)


def book(clinic: Clinic, desk: Browser, doctor: Browser) -> None:
    """Over the portal's page, as the desk does."""
    answer = desk.post(
        "/appointments/new",
        patient=str(clinic.patient().patient.id),
        doctor=str(doctor.user_id),
        department=str(clinic.department_id),
        day=f"{tomorrow():%d/%m/%Y}",
        start="09:00",
        all_hours="1",
        outside_reason="Theo yêu cầu",
        step="book",
    )
    assert answer.status_code == 303, answer.text[:3000]


def test_a_doctor_hears_of_a_booking_and_others_do_not(
    window: OpenWindow, sign_in: SignIn, clinics: tuple[Clinic, Clinic]
) -> None:
    ours, theirs = clinics
    desk, doctor, another = sign_in(ours, "receptionist"), sign_in(ours, "doctor"), sign_in(ours, "doctor")
    stranger = sign_in(theirs, "doctor")
    hears, deaf, elsewhere = window(doctor), window(another), window(stranger)
    assert hears.follow("notices", own(doctor))["following"] == ["notices", own(doctor)]
    for window_of, whose in ((deaf, another), (elsewhere, stranger)):
        answer = window_of.follow("notices", own(whose), own(doctor))
        assert answer["refused"] == [own(doctor)]
    book(ours, desk, doctor)
    wait_until(lambda: own(doctor) in hears.topics_told(), what="word of the notice")
    book(ours, desk, another)
    wait_until(lambda: own(another) in deaf.topics_told(), what="word of the other's")
    assert hears.topics_told() == {own(doctor)}
    assert deaf.topics_told() == {own(another)}
    assert elsewhere.topics_told() == set()
    # All windows of somebody learn that it was read in one of them.
    second = window(doctor)
    second.follow(own(doctor), since=hears.told("changed")[-1]["at"])
    assert doctor.post("/notices/read-all").status_code == 303
    wait_until(lambda: own(doctor) in second.topics_told(), what="word of the reading")


def test_who_comes_back_learns_of_what_came_meanwhile(window: OpenWindow, sign_in: SignIn, clinic: Clinic) -> None:
    desk, doctor = sign_in(clinic, "receptionist"), sign_in(clinic, "doctor")
    before = window(doctor)
    at = before.follow(own(doctor))["at"]
    before.close()
    book(clinic, desk, doctor)
    assert window(doctor).follow(own(doctor), "notices", since=at)["changed"] == [own(doctor)]


def test_a_session_that_has_ended_hears_of_no_notice(window: OpenWindow, sign_in: SignIn, clinic: Clinic) -> None:
    desk, doctor = sign_in(clinic, "receptionist"), sign_in(clinic, "doctor")
    ends = window(doctor)
    ends.follow("notices", own(doctor))
    with clinic.uow() as uow:
        uow.session.execute(
            update(StaffSession).where(StaffSession.account_id == doctor.user_id).values(ended_at=utc_now())
        )
        uow.commit()
    wait_until(lambda: ends.ended, seconds=5, what="the end of the connection")
    book(clinic, desk, doctor)
    assert ends.topics_told() == set()
    assert doctor.client.get("/notices/bell").status_code == 303
