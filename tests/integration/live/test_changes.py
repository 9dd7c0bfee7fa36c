"""Changes reach the browsers of their own hospital that follow them, and nobody else."""

import json

from redis import Redis

from kernel.clock import local_today
from tenant_app.live.public import day_topic, queue_topic, stream_of
from tests.support.clinic import Clinic, tomorrow
from tests.support.live import OpenWindow, SignIn, Window
from tests.support.staff_browser import Browser
from tests.support.waiting import wait_until


def call_somebody(clinic: Clinic, doctor: Browser, *, room: str = "P.7") -> None:
    """A patient gets a number, and the doctor calls over the portal's page."""
    clinic.number(clinic.patient().patient.id)
    assert doctor.post(f"/queue/{clinic.department_id}/call-next", room=room).status_code == 303


def hears(window: Window, *topics: str) -> None:
    """Wait until the window was told of these."""
    wait_until(lambda: set(topics) <= window.topics_told(), what=f"news of {topics}")


def test_a_called_number_reaches_the_windows_of_its_own_hospital(
    window: OpenWindow, sign_in: SignIn, clinics: tuple[Clinic, Clinic]
) -> None:
    ours, theirs = clinics
    doctor, other = sign_in(ours, "doctor"), sign_in(theirs, "doctor")
    line = queue_topic(ours.department_id)
    watching, overview, elsewhere = window(sign_in(ours, "nurse")), window(doctor), window(other)
    assert watching.follow(line)["following"] == [line]
    overview.follow("queue")
    # The other hospital asks for the very same topic, which is no department of theirs, and for rooms by name.
    tenant = ours.hospital.tenant
    forged = elsewhere.follow(line, "queue", f"{tenant}:{line}", str(tenant), f"{tenant}:queue", "queue:*", "*")
    assert set(forged["following"]) == {"queue"}
    call_somebody(ours, doctor)
    hears(watching, line)
    hears(overview, "queue")
    # What their own hospital does arrives, so anything of ours would have come before it.
    call_somebody(theirs, other)
    hears(elsewhere, "queue")
    assert elsewhere.topics_told() == {"queue"}
    assert watching.topics_told() == {line}


def test_what_a_window_is_told_names_nobody(window: OpenWindow, sign_in: SignIn, clinic: Clinic, redis: Redis) -> None:
    doctor = sign_in(clinic, "doctor")
    watching = window(doctor)
    line = queue_topic(clinic.department_id)
    watching.follow(line)
    patient = clinic.patient().patient
    clinic.number(patient.id)
    assert doctor.post(f"/queue/{clinic.department_id}/call-next", room="P.7").status_code == 303
    hears(watching, line)
    (told,) = watching.told("changed")
    assert set(told) == {"topic", "at"}
    entries = redis.xrange(stream_of(clinic.hospital.tenant))
    on_the_bus = [json.loads(fields[b"c"]) for _, fields in entries]  # type: ignore[union-attr]  # not awaitable here
    assert {key for each in on_the_bus for key in each} <= {"kind", "places", "whose", "id", "version"}
    for secret in (str(patient.id), patient.full_name, patient.patient_code, "P.7"):
        assert secret not in json.dumps(on_the_bus, ensure_ascii=False)


def test_a_booked_and_a_cancelled_appointment_reach_whoever_looks_at_its_day(
    window: OpenWindow, sign_in: SignIn, clinic: Clinic
) -> None:
    desk = sign_in(clinic, "receptionist")
    its_day, another = window(sign_in(clinic, "nurse")), window(sign_in(clinic, "nurse"))
    its_day.follow(day_topic(tomorrow()))
    another.follow(day_topic(local_today()))
    visit = clinic.appointment(clinic.patient().patient.id)
    form = {"reason": "Người bệnh yêu cầu", "version": str(visit.version)}
    assert desk.post(f"/appointments/{visit.id}/cancel", **form).status_code == 303
    hears(its_day, day_topic(tomorrow()))
    # Of the other day nothing was told: what is told next is the first.
    call_somebody(clinic, sign_in(clinic, "doctor"))
    another.follow(day_topic(local_today()), "queue")
    call_somebody(clinic, sign_in(clinic, "doctor"), room="P.8")
    hears(another, "queue")
    assert another.topics_told() == {"queue"}


def test_what_one_may_not_see_one_may_not_follow(window: OpenWindow, sign_in: SignIn, clinic: Clinic) -> None:
    """Every role sees queue and appointments at first; what is no topic is nobody's."""
    cashier = window(sign_in(clinic, "cashier"))
    asked = ("queue", day_topic(local_today()), "queue:", "day:2026-1-1", "user:1", "queue:../x", "")
    answer = cashier.follow(*asked)
    assert set(answer["following"]) == {"queue", day_topic(local_today())}
    assert set(answer["refused"]) == set(asked[2:])


def test_a_transaction_that_is_rolled_back_tells_nothing(
    window: OpenWindow, sign_in: SignIn, clinic: Clinic, redis: Redis
) -> None:
    doctor = sign_in(clinic, "doctor")
    watching = window(doctor)
    watching.follow("queue")
    before = redis.xlen(stream_of(clinic.hospital.tenant))
    assert doctor.post(f"/queue/{clinic.department_id}/call-next").status_code == 303, "nobody waits"
    assert redis.xlen(stream_of(clinic.hospital.tenant)) == before
