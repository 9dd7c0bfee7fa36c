"""The patient portal as its process runs it, over two hospitals, with what a person needs to get in."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient
from psycopg import sql
from werkzeug.test import TestResponse

from central import roles
from central.auth.signing_keys import ensure_signing_keys
from central.patient_index.blind_index_keys import ensure_blind_index_key
from central.patient_index.models import IndexEntry, Person, PersonIdentifier
from central.registry.public import SqlDataKeyStore, Unannounced, suspend
from central.router.public import RouteReader, TenantRoute, TenantRouter
from kernel.settings import Settings
from keys.public import BlindIndex, Keychain, LocalKeyring, load_blind_index
from manage.demo.people import Person as Somebody
from manage.demo.people import person
from manage.wiring.patient import patient_app
from manage.wiring.sources import KEYRING_FILE
from tenant_app.patients.public import PatientRecord
from tenant_app.portal.public import issue_code
from tests.support.clinic import Clinic
from tests.support.databases import PASSWORDS, CentralDatabase, administrator
from tests.support.hospitals import Hospital
from tests.support.waiting import wait_until

GOOD_PASSWORD = "bốn từ rất dễ nhớ"
OTHER_PASSWORD = "một câu khác hẳn mà"


@dataclass(kw_only=True)
class PatientPortal:
    """The app, with helpers that stand for the hospitals' desks and for the sync."""

    app: Flask
    central: CentralDatabase
    blind_index: BlindIndex
    clinics: tuple[Clinic, Clinic]

    @property
    def router(self) -> TenantRouter:
        """The app's own."""
        found: TenantRouter = self.collaborator(TenantRouter)
        return found

    def collaborator(self, kind: type) -> Any:
        """What the app was given, or made."""
        return self.app.extensions["sokham"][kind]

    def client(self) -> FlaskClient:
        """A browser or a program."""
        return self.app.test_client()

    def registered(self, clinic: Clinic, who: Somebody, *, indexed: bool = True) -> PatientRecord:
        """A patient of this hospital, whom central's index knows as well unless told otherwise."""
        made = clinic.patient(who)
        if indexed:
            self.index(clinic.hospital, who, made)
        return made

    def index(self, hospital: Hospital, who: Somebody, record: PatientRecord) -> None:
        """What the sync leaves in central of a patient."""
        digest = next(iter(self.blind_index.digests("cccd", who.cccd)))
        with self.central.database(roles.OWNER).unit_of_work() as uow:
            known = uow.session.query(PersonIdentifier).filter_by(digest=digest.value).one_or_none()
            if known is None:
                human = Person(id=record.patient.patient_global_id)
                uow.session.add(human)
                uow.flush()
                uow.session.add(
                    PersonIdentifier(
                        person_id=human.id,
                        system="cccd",
                        key_version=digest.version,
                        digest=digest.value,
                        sealed_value="not needed here",
                        dek_id=uuid4(),
                    )
                )
                owner = human.id
            else:
                owner = known.person_id
                uow.session.get_one(Person, owner).version += 1
            uow.session.add(
                IndexEntry(
                    patient_global_id=owner,
                    tenant_id=hospital.tenant,
                    patient_local_id=record.patient.id,
                    metadata_encrypted="not needed here",
                    encryption_key_id=uuid4(),
                    status="active",
                    epoch=1,
                    n=1,
                )
            )
            uow.commit()

    def code(self, clinic: Clinic, record: PatientRecord) -> str:
        """An activation code from the hospital's desk."""
        with clinic.uow() as uow:
            issued = issue_code(uow=uow, actor=clinic.admin, patient_id=record.patient.id)
            uow.commit()
        return issued.activation_code

    def activated(self, clinic: Clinic, who: Somebody | None = None, *, password: str = GOOD_PASSWORD) -> "Member":
        """Somebody with an account at this hospital, signed in over the API."""
        somebody = who or person()
        record = self.registered(clinic, somebody)
        answer = self.client().post(
            "/api/v1/auth/activate",
            json={"cccd": somebody.cccd, "activation_code": self.code(clinic, record), "password": password},
        )
        assert answer.status_code == 200, answer.text
        return Member(portal=self, who=somebody, clinic=clinic, record=record, tokens=answer.json or {})

    def sign_in(self, who: Somebody, password: str = GOOD_PASSWORD, **more: Any) -> TestResponse:
        """Over the API."""
        return self.client().post("/api/v1/auth/login", json={"cccd": who.cccd, "password": password, **more})


@dataclass(kw_only=True)
class Member:
    """Somebody signed in over the API."""

    portal: PatientPortal
    who: Somebody
    clinic: Clinic
    record: PatientRecord
    tokens: dict[str, Any]

    def __call__(self, method: str, path: str, json: Any = None, **headers: str) -> TestResponse:
        """Call the API as this person."""
        sent = {"Authorization": f"Bearer {self.tokens['access_token']}", "Accept-Language": "en"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.portal.client().open(f"/api/v1{path}", method=method, json=json, headers=sent)

    def browser(self) -> FlaskClient:
        """A browser without JavaScript in which this person has signed in."""
        client = self.portal.client()
        token = csrf_token(client.get("/sign-in"))
        fields = {"csrf_token": token, "cccd": self.who.cccd, "password": GOOD_PASSWORD}
        assert client.post("/sign-in", data=fields).status_code == 303
        return client

    def link(self, clinic: Clinic, *, record: PatientRecord | None = None) -> PatientRecord:
        """Link another hospital, which registers the person where it has not."""
        there = record or self.portal.registered(clinic, self.who)
        answer = self("POST", "/hospitals/link", {"activation_code": self.portal.code(clinic, there)})
        assert answer.status_code == 200, answer.text
        return there


@contextmanager
def patient_portal(
    *,
    central: CentralDatabase,
    clinics: tuple[Clinic, Clinic],
    keys: LocalKeyring,
    keyring_path: Path,
    folder: Path,
    redis_url: str = "",
    **settings: Any,
) -> Iterator[PatientPortal]:
    """The app that `manage.wiring` puts together, on this test's databases and a copy of its keyring."""
    with central.database(roles.OWNER).unit_of_work() as uow:
        ensure_signing_keys(uow=uow, keychain=Keychain(keys), store=SqlDataKeyStore(uow))
        ensure_blind_index_key(uow=uow, provider=keys)
        uow.commit()
    (folder / "keys").mkdir(mode=0o700)
    shutil.copy2(keyring_path, folder / "keys" / KEYRING_FILE)
    chosen: dict[str, Any] = {
        "process": "patient",
        "data_dir": folder,
        "database_url": central.url,
        "redis_url": redis_url,
        "password_route": PASSWORDS[roles.ROUTE],
        "cookie_secret": "only for tests",
        "patient_url": "http://localhost",
        "argon2_memory_kib": 64,
        "sign_in_per_minute": 1000,
        "connection_budget": 6,
        # Long enough for four at once on a machine with much else to do.
        "connection_wait_ms": 5000,
    }
    app = patient_app(Settings(**{**chosen, **settings}))
    reader = RouteReader(central.parameters(roles.ROUTE))
    try:
        portal = PatientPortal(
            app=app,
            central=central,
            blind_index=load_blind_index(keys, reader.blind_index_keys()),
            clinics=clinics,
        )
        yield portal
    finally:
        reader.close()
        app.extensions["sokham"][TenantRouter].close()


def outside(answer: TestResponse) -> dict[str, Any]:
    """All that a caller can tell apart, but the request's own id."""
    body = {name: value for name, value in (answer.json or {}).items() if name != "request_id"}
    headers = {name: value for name, value in answer.headers.items() if name not in {"X-Request-Id", "Content-Length"}}
    return {"status": answer.status_code, "body": body, "headers": headers}


def suspend_now(portal: PatientPortal, hospital: Hospital) -> None:
    """As the console does; then wait until the portal knows."""
    with portal.central.database(roles.CONSOLE).unit_of_work() as uow:
        suspend(uow=uow, tenant=hospital.tenant, announcer=Unannounced())
        uow.commit()
    ways: list[Callable[[], TenantRoute]] = [
        lambda: portal.router.lookup.by_id(hospital.tenant),
        lambda: portal.router.lookup.by_code(hospital.tenant_code),
    ]
    wait_until(lambda: all(way().status == "suspended" for way in ways), what="the suspension")


@contextmanager
def away(database: CentralDatabase | Hospital) -> Iterator[None]:
    """A database that nobody can reach: connections are ended, and new ones refused, until the block ends."""
    name = database.name if isinstance(database, CentralDatabase) else database.database_name
    servers = database.servers if isinstance(database, CentralDatabase) else database.central.servers
    database.close()
    with administrator(servers) as admin:
        admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name)))
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
    try:
        yield
    finally:
        with administrator(servers) as admin:
            admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(sql.Identifier(name)))


def csrf_token(page: TestResponse) -> str:
    """The token in a page's form."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found, page.text[:500]
    return found[1]


def post(client: FlaskClient, path: str, page: str, **fields: str) -> TestResponse:
    """A form sent, with the token of a page."""
    return client.post(path, data={"csrf_token": csrf_token(client.get(page)), **fields})
