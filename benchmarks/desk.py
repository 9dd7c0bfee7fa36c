"""The front desk of a large hospital: what its pages read, and the whole pages, against the bare SQL of the same."""

import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import psycopg
from flask import Flask
from sqlalchemy import select

from benchmarks.bench import Bench
from benchmarks.ground import SEED
from benchmarks.harness import Figure
from benchmarks.large_hospital import LargeHospital, fill
from central.router.public import TenantRouter
from kernel.clock import local_today
from kernel.database.unit_of_work import UnitOfWork
from kernel.passwords import Passwords
from kernel.settings import read as read_settings
from kernel.telemetry import logs
from manage.wiring.portals import close_portal
from manage.wiring.staff import staff_app
from tenant_app.appointments.public import Filter, count_by_status, latest_before, read_list
from tenant_app.patients.public import read, read_search, search
from tenant_app.patients.queries import portal_state
from tenant_app.queue.public import last_room, read_line
from tenant_app.staff.models import User
from tenant_app.staff.public import active_doctors, list_departments
from tests.support.clinic import Clinic
from tests.support.staff_browser import PASSWORD, Browser

BAR: Final = 3.0
# As somebody types them: a few letters of each word of a name, more letters as they go on.
_TYPED: Final = ("nguyen", "nguyen thi", "tran van d", "le thanh ha", "ng thi ng pho", "dang duc", "huong", "vo m")
_FOUND: Final = 26
_ROWS: Final = 200

_APPOINTMENT: Final = """
SELECT a.id, a.appointment_code, a.patient_id, p.patient_code, p.full_name, a.doctor_id, u.full_name, a.department_id,
       d.name, a.appointment_date, a.start_time, a.end_time, a.appointment_type, a.status, a.source, a.reason, a.version
FROM appointments a JOIN patients p ON p.id = a.patient_id JOIN users u ON u.id = a.doctor_id
JOIN departments d ON d.id = a.department_id
"""
_SEARCH: Final = """
SELECT p.id, patient_code, full_name, date_of_birth, gender, phone, status,
       (SELECT value FROM patient_identifiers i WHERE i.patient_id = p.id AND system = 'cccd' AND valid_to IS NULL)
FROM patients p WHERE to_tsvector('simple', search_key) @@ to_tsquery('simple', %s)
ORDER BY vietnamese_order(full_name), p.id LIMIT 26
"""
_PATIENT: Final = (
    "SELECT * FROM patients WHERE id = %s",
    "SELECT system, value, valid_from, valid_to FROM patient_identifiers WHERE patient_id = %s",
    "SELECT substance, severity, reaction FROM patient_allergies WHERE patient_id = %s AND ended_at IS NULL",
    f"{_APPOINTMENT} WHERE a.patient_id = %s ORDER BY appointment_date DESC, start_time DESC LIMIT 40",
    "SELECT status, last_login_at FROM patient_users WHERE patient_id = %s",
    "SELECT expires_at FROM portal_invites WHERE patient_id = %s AND used_at IS NULL AND expires_at > now()",
)
_DAY: Final = (
    f"{_APPOINTMENT} WHERE appointment_date = %s ORDER BY start_time, a.id LIMIT {_ROWS + 1}",
    "SELECT status, count(*) FROM appointments WHERE appointment_date = %s GROUP BY status",
)
_LINE: Final = (
    """
SELECT q.id, q.number, q.priority, q.status, q.room, q.taken_at, q.waits_since, q.called_at, q.calls, q.missed,
       q.version, p.id, p.patient_code, p.full_name, p.date_of_birth, u.full_name, a.appointment_date, a.start_time
FROM queue_entries q JOIN patients p ON p.id = q.patient_id LEFT JOIN users u ON u.id = q.doctor_id
LEFT JOIN appointments a ON a.id = q.appointment_id
WHERE q.department_id = %s AND q.status IN ('waiting', 'called', 'in_room') ORDER BY called_at, taken_at LIMIT 500
""",
    "SELECT name FROM departments WHERE id = %s",
    """
SELECT called_lane FROM queue_entries WHERE department_id = %s AND queue_day = current_date
AND called_lane IN ('priority', 'ordinary') ORDER BY called_at DESC LIMIT 3
""",
)
_LAST_ROOM: Final = """
SELECT room FROM queue_entries q JOIN queue_steps s ON s.entry_id = q.id
WHERE queue_day = current_date AND done_by = %s AND action = 'call' AND room IS NOT NULL ORDER BY done_at DESC LIMIT 1
"""
_CHOICES: Final = (
    "SELECT id, code, name, description, status FROM departments WHERE status = %s ORDER BY code LIMIT 101",
    "SELECT id, full_name, department_id FROM users WHERE role = 'doctor' AND status = %s ORDER BY full_name, id",
)
_AUDIT: Final = """
INSERT INTO audit_logs (actor_kind, user_id, portal, action, resource_type, resource_id, patient_id)
VALUES ('staff', %s, 'hospital', %s, %s, %s, %s)
"""


@dataclass(frozen=True, kw_only=True)
class Place:
    """One page of the desk: asked for `each` of some things, by three ways."""

    name: str
    over: Sequence[Any]
    page: Callable[[Any], None]
    reads: Callable[[UnitOfWork, Any], object]
    bare: Sequence[tuple[str, Callable[[Any], object]]]


def run(bench: Bench) -> Iterator[Figure]:
    """Milliseconds each, one person, one page after the other, in this process.

    Both sides read, write down that they read, and commit. The whole page is that and its HTML, its session and
    permission, its limit in Redis, its log line and its headers; it is reported, not judged.
    """
    ground = bench.ground
    hospital = ground.maker.make(name="Bệnh viện đông người bệnh")
    bench.report(f"{bench.scale.desk_patients:,} patients and {bench.scale.desk_appointments:,} appointments")
    large = fill(hospital, patients=bench.scale.desk_patients, appointments=bench.scale.desk_appointments)
    app = staff_app(read_settings(ground.environment("staff", port=0, in_central=())))
    # Making an app sets its process's logging up; among the figures it is not wanted.
    logs.configure(level="CRITICAL", process="benchmarks")
    try:
        browser = _signed_in(large.clinic, app)
        with (
            ground.router() as router,
            psycopg.connect(**hospital.parameters("app"), prepare_threshold=0) as connection,
        ):
            for place in _places(bench, large, browser):
                yield from _compared(bench, place, large.clinic, router, connection)
    finally:
        close_portal(app)


def _compared(
    bench: Bench, place: Place, clinic: Clinic, router: TenantRouter, connection: psycopg.Connection[Any]
) -> Iterator[Figure]:
    def ours(each: Any) -> None:
        with router.unit_of_work(clinic.hospital.tenant) as uow:
            place.reads(uow, each)
            uow.commit()

    def bare(each: Any) -> None:
        for statement, argument in place.bare:
            connection.execute(statement, (argument(each),)).fetchall()
        connection.execute(_AUDIT, (clinic.admin.id, f"{place.name}.read", place.name, str(each), None))
        connection.commit()

    reads = bench.compare(f"desk: {place.name}", _timed(ours, place.over), _timed(bare, place.over))
    yield reads.figure(f"desk.{place.name}", bar=BAR, unit="ms")
    page = bench.compare(f"desk: {place.name}, page", _timed(place.page, place.over), _timed(bare, place.over))
    yield page.figure(f"desk.{place.name}_page", bar=None, unit="ms")


def _places(bench: Bench, large: LargeHospital, browser: Browser) -> list[Place]:
    actor, department, today = large.clinic.admin, large.clinic.department_id, local_today()
    token = browser.token()
    part = {"HX-Request": "true"}

    def get(path: str, **headers: str) -> None:
        assert browser.client.get(path, headers=headers).status_code == 200

    def search_page(typed: str) -> None:
        sent = browser.client.post("/patients", data={"csrf_token": token, "query": typed}, headers=part)
        assert sent.status_code == 200

    def patient(uow: UnitOfWork, wanted: UUID) -> None:
        read(uow=uow, actor=actor, patient_id=wanted)
        read_list(uow=uow, actor=actor, wanted=Filter(since=today, patient_id=wanted), limit=20)
        latest_before(uow=uow, patient_id=wanted, day=today)
        portal_state(uow=uow, patient_id=wanted)

    def day(uow: UnitOfWork, _: object) -> None:
        read_list(uow=uow, actor=actor, wanted=Filter.on(today), limit=_ROWS)
        count_by_status(uow=uow, day=today)
        list_departments(uow=uow, active_only=True)
        active_doctors(uow=uow)

    def line(uow: UnitOfWork, _: object) -> None:
        read_line(uow=uow, actor=actor, department_id=department)
        last_room(uow=uow, user_id=actor.id)

    again = range(max(3, bench.scale.desk_reads // 8))
    return [
        Place(
            name="search",
            over=_TYPED,
            page=search_page,
            reads=lambda uow, typed: search(uow=uow, actor=actor, terms=read_search(typed), limit=_FOUND - 1),
            bare=[(_SEARCH, lambda typed: " & ".join(f"{word}:*" for word in typed.split()))],
        ),
        Place(
            name="patient",
            over=random.Random(SEED + 40).sample(large.patients, bench.scale.desk_reads),
            page=lambda wanted: get(f"/patients/{wanted}"),
            reads=patient,
            bare=[(statement, lambda wanted: wanted) for statement in _PATIENT],
        ),
        Place(
            name="day",
            over=again,
            page=lambda _: get(f"/today?day={today.isoformat()}&doctor="),
            reads=day,
            bare=[
                *((statement, lambda _: today) for statement in _DAY),
                *((statement, lambda _: "active") for statement in _CHOICES),
            ],
        ),
        Place(
            name="queue",
            over=again,
            page=lambda _: get(f"/queue/{department}", **part),
            reads=line,
            bare=[*((statement, lambda _: department) for statement in _LINE), (_LAST_ROOM, lambda _: actor.id)],
        ),
    ]


def _timed(call: Callable[[Any], None], over: Sequence[Any]) -> Callable[[], float]:
    """The mean seconds of a call; the first round is not counted."""

    def once() -> float:
        taken = []
        for each in over:
            started = time.perf_counter()
            call(each)
            taken.append(time.perf_counter() - started)
        return statistics.fmean(taken)

    once()
    return once


def _signed_in(clinic: Clinic, app: Flask) -> Browser:
    cheap = Passwords(memory_kib=64, passes=1, lanes=1)
    with clinic.uow() as uow:
        user = uow.session.scalars(select(User).where(User.id == clinic.admin.id)).one()
        user.password_hash = cheap.hash(PASSWORD)
        username = user.username
        uow.commit()
    browser = Browser(app.test_client())
    answer = browser.post("/sign-in", hospital=clinic.hospital.tenant_code, username=username, password=PASSWORD)
    assert answer.status_code == 303, answer.text
    return browser
