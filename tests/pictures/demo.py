"""The demo as the pictures show it: who signs in, and what its pages are about."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import psycopg
from playwright.sync_api import Browser, FilePayload, expect

from central.provisioning.names import database_name
from kernel.clock import local_today
from kernel.ids import TenantId, new_row_id
from manage.data_dir import DataDir
from manage.demo.hospitals import HONG_HA, SONG_TIEN
from manage.demo.people import Person, people, people_of_both
from manage.demo.run import demo_password
from manage.embedded.addresses import PostgresAddress
from manage.embedded.postgres import EmbeddedPostgres
from manage.environment import CENTRAL_DATABASE
from tests.pictures.camera import DESK, PHONE, Size, Window, window
from tests.support.embedded import open_folder
from tests.support.patient_files import line_of, xlsx_file
from tests.support.portal_pages.patient import PatientThings
from tests.support.portal_pages.staff import StaffThings
from tests.support.system import System, running_system
from tests.support.waiting import wait_until

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# The walk loads more pages in a minute than anybody at a desk.
_NO_LIMITS = {"SOKHAM_RATE_PER_MINUTE": "100000"}


@dataclass(frozen=True, kw_only=True)
class Demo:
    """A running demo."""

    system: System
    chromium: Browser
    password: str
    postgres: PostgresAddress

    @property
    def patient(self) -> Person:
        """Who has the account at both hospitals."""
        return people_of_both(1)[0]

    def staff(self, username: str, *, hospital: str = HONG_HA.code, size: Size = DESK, language: str = "vi") -> Window:
        """Somebody at the hospital's desk, signed in."""
        opened = window(self.chromium, self.system.staff, size=size, language=language)
        opened.go("/sign-in")
        opened.send(hospital=hospital, username=username, password=self.password)
        opened.page.wait_for_url("**/today*")
        return opened

    def console(self, *, size: Size = DESK, language: str = "vi") -> Window:
        """The platform's administrator, signed in."""
        opened = window(self.chromium, self.system.central, size=size, language=language)
        opened.go("/sign-in")
        opened.send(username="admin", password=self.password)
        opened.page.wait_for_url("**/overview")
        return opened

    def at_home(self, *, size: Size, language: str = "vi") -> Window:
        """The patient, signed in."""
        opened = window(self.chromium, self.system.patient, size=size, language=language)
        opened.go("/sign-in")
        opened.send(cccd=self.patient.cccd, password=self.password)
        opened.page.wait_for_url(f"{self.system.patient}/")
        return opened

    def central_rows(self, query: LiteralString, *values: Any) -> list[tuple[Any, ...]]:
        """What central's database says."""
        return self._rows(CENTRAL_DATABASE, query, values)

    def rows(self, query: LiteralString, *values: Any, hospital: str = HONG_HA.code) -> list[tuple[Any, ...]]:
        """What a hospital's database says."""
        return self._rows(database_name(self.tenant(hospital)), query, values)

    def tenant(self, hospital: str = HONG_HA.code) -> TenantId:
        """The id of a hospital."""
        return TenantId.parse(self.central_rows("SELECT id FROM tenants WHERE tenant_code = %s", hospital)[0][0])

    def _rows(self, database: str, query: LiteralString, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.postgres.conninfo(database=database), autocommit=True) as connection:
            answered = connection.execute(query, values)
            return answered.fetchall() if answered.description else []


@contextmanager
def running_demo(chromium: Browser) -> Iterator[Demo]:
    """A fresh one, in a folder that goes with it."""
    with open_folder() as folder:
        data = DataDir(folder / "data")
        with running_system(data.path, demo=True, environment=_NO_LIMITS, seconds=600) as system:
            yield Demo(
                system=system,
                chromium=chromium,
                password=demo_password(data),
                postgres=EmbeddedPostgres(data.postgres).address(),
            )


def staff_things(demo: Demo) -> StaffThings:
    """What the first hospital's pages are about."""
    number, department = demo.rows(
        "SELECT q.id, q.department_id FROM queue_entries q JOIN departments d ON d.id = q.department_id"
        " WHERE q.status = 'waiting' AND d.code = 'NOI' ORDER BY q.number LIMIT 1"
    )[0]
    visit, doctor, day = demo.rows(
        "SELECT id, doctor_id, appointment_date FROM appointments WHERE status IN ('scheduled', 'confirmed')"
        " AND appointment_date > %s AND department_id = %s ORDER BY appointment_date, start_time LIMIT 1",
        local_today(),
        department,
    )[0]
    # Who has most to tell of.
    patient = demo.rows(
        "SELECT p.id FROM patients p WHERE p.status = 'active' ORDER BY"
        " 3 * (SELECT count(*) FROM patient_allergies a WHERE a.patient_id = p.id)"
        " + 2 * (SELECT count(*) FROM patient_history h WHERE h.patient_id = p.id)"
        " + (SELECT count(*) FROM appointments a WHERE a.patient_id = p.id) DESC, p.patient_code LIMIT 1"
    )[0][0]
    with_account = demo.rows("SELECT patient_id FROM patient_users LIMIT 1")[0][0]
    hours = demo.rows("SELECT id FROM doctor_schedules WHERE doctor_id = %s ORDER BY weekday LIMIT 1", doctor)[0][0]
    role = demo.rows("SELECT id FROM roles WHERE name = 'nurse'")[0][0]
    finding = wait_until(
        lambda: demo.rows("SELECT id FROM access_findings ORDER BY kind LIMIT 1"), seconds=300, what="a finding"
    )[0][0]
    _upload(demo)
    imports = dict(demo.rows("SELECT state, id FROM patient_imports ORDER BY id"))
    ids = {"patient": patient, "with_account": with_account, "doctor": doctor, "department": department}
    kept = demo.rows("SELECT id FROM saved_filters WHERE list_name = 'staff'")[0][0]
    more = {"visit": visit, "number": number, "hours": hours, "role": role, "finding": finding, "kept": kept}
    files = {"uploaded": imports["uploaded"], "checked": imports["checked"], "imported": imports["done"]}
    return StaffThings(day=day, **{name: str(value) for name, value in (ids | more | files).items()})


def patient_things(demo: Demo) -> PatientThings:
    """What the pages of the patient are about, who waits at the first hospital and books at the second."""
    patient = demo.rows("SELECT patient_id FROM patient_users LIMIT 1")[0][0]
    desk = demo.staff("letan")
    desk.go(f"/queue/new?patient={patient}")
    desk.page.locator("input[name=department]").nth(1).check(force=True)
    desk.press()
    desk.page.wait_for_url("**/queue/numbers/*")
    desk.context.close()
    phone = demo.at_home(size=PHONE)
    book = f"/hospitals/{SONG_TIEN.code}/book"
    phone.go(book)
    for _choice in ("department", "doctor", "day"):
        phone.page.locator("a.sk-tile").first.click()
    times = phone.page.locator("a.sk-time")
    left = str(times.first.get_attribute("href"))
    # Late in the day, when the demo's patient is nowhere else.
    times.last.click()
    phone.send(reason="Đau đầu, chóng mặt từ hai hôm nay")
    phone.page.wait_for_url(re.compile(r"/appointments/[0-9a-f-]{36}$"))
    chosen = {name: values[0] for name, values in parse_qs(urlsplit(left).query).items()}
    visit = phone.path
    phone.context.close()
    return PatientThings(visit=visit, book=book, **chosen)


def console_things(demo: Demo) -> dict[str, str]:
    """What the console's pages are about: the first hospital, how it was made, and a second administrator."""
    tenant = demo.tenant()
    _trouble(demo, tenant)
    console = demo.console()
    console.go("/administrators/new")
    console.page.locator("[name=role][value=support]").check(force=True)
    console.send(full_name="Trịnh Thu Hà", username="thu.ha", email="thu.ha@sokham.example")
    expect(console.page.locator("#invite-link")).to_be_visible()
    console.context.close()
    return {
        "hospital": str(tenant),
        "operation": str(demo.central_rows("SELECT id FROM operations WHERE tenant_id = %s", tenant)[0][0]),
        "administrator": str(demo.central_rows("SELECT id FROM users WHERE username = 'thu.ha'")[0][0]),
    }


def _upload(demo: Demo) -> None:
    """A file that waits to be told what its columns are, beside the demo's own imports."""
    desk = demo.staff("quantri")
    desk.go("/patients/imports")
    rows = [line_of(each) for each in people(24, seed=7)]
    file = FilePayload(name="kham-suc-khoe-cong-ty-may.xlsx", mimeType=_XLSX, buffer=xlsx_file(rows))
    desk.page.set_input_files("input[type=file]", files=[file])
    desk.press()
    desk.page.wait_for_url(re.compile(r"/patients/imports/[0-9a-f-]{36}"))
    desk.context.close()


def _trouble(demo: Demo, tenant: TenantId) -> None:
    """An event that central refuses, and a database that was not the one expected: the lists are for such days."""
    demo.central_rows(
        "INSERT INTO sync_dead_letters (id, tenant_id, event_id, event_type, reason, attempts, first_failed_at,"
        " last_failed_at) VALUES (%s, %s, %s, 'patient.updated', 'version_jump', 3, now() - interval '50 min', now())",
        new_row_id(),
        tenant,
        uuid4(),
    )
    demo.central_rows(
        "INSERT INTO security_audit_logs (tenant_id, security_event, risk_level)"
        " VALUES (%s, 'hospital_fingerprint_mismatch', 'critical')",
        tenant,
    )
