"""The console as it runs: real gate, real sessions, real provisioning, on a test's central database."""

import re
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from central import roles
from central.app import create_app
from central.auth.administrators import (
    AUDIENCE,
    ISSUER,
    AdministratorFactors,
    AdministratorSessions,
    AdministratorSignIn,
    create_administrator,
)
from central.auth.models import Administrator
from central.auth.public import gate_for, signer_from
from central.auth.signing_keys import ensure_signing_keys
from central.console.background import OperationRunner
from central.console.invites import HeldInvites
from central.console.tenants import Console
from central.patient_index.blind_index_keys import BlindIndexKeyRecord, ensure_blind_index_key
from central.provisioning.public import CredentialRotation, Provisioner
from central.registry.public import RouteAnnouncer, SigningKeyRecord, SqlDataKeyStore
from central.sync.public import RedisDoorbell, SyncBus, WorkerGate
from kernel.ids import TenantId
from kernel.passwords import Passwords
from kernel.redis_client import HelpfulRedis, connect
from kernel.settings import Settings
from keys.public import BlindIndexKeyRow, Keychain, LocalKeyring, jwks, load_blind_index
from tests.support.databases import CentralDatabase, hospital_server

PASSWORD = "mot cau that dai de nho"
STAFF_URL = "https://staff.example"
CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Announcements:
    """Notes what the routers are told."""

    told: list[TenantId] = field(default_factory=list)

    def announce(self, tenant: TenantId, route_version: int) -> None:  # noqa: ARG002 - the port's.
        """Note it."""
        self.told.append(tenant)


class Browser:
    """Somebody at the pages: keeps cookies, and sends the token of the form that is open."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def get(self, path: str, *, status: int = 200, **headers: str) -> str:
        """The page."""
        answer = self.client.get(path, headers=_names(headers))
        assert answer.status_code == status, f"{path}: {answer.status_code}\n{answer.text[:2000]}"
        return answer.text

    def post(self, path: str, *, status: int = 303, **fields: Any) -> Any:
        """The answer to a form; names with `__` stand for a dot (`admin__email`)."""
        token = CSRF.search(self.client.get("/sign-in").text)
        assert token is not None
        sent = {"csrf_token": token[1], **{name.replace("__", "."): value for name, value in fields.items()}}
        answer = self.client.post(path, data=sent)
        assert answer.status_code == status, f"{path}: {answer.status_code}\n{answer.text[:3000]}"
        return answer

    def sign_in(self, username: str) -> "Browser":
        """Sign in with the password of all test administrators."""
        self.post("/sign-in", username=username, password=PASSWORD)
        return self


class Caller:
    """A program with an administrator's token."""

    def __init__(self, app: Flask, username: str) -> None:
        self.client = app.test_client()
        answer = self.client.post("/api/v1/auth/login", json={"username": username, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        self.tokens = answer.get_json()

    def __call__(self, method: str, path: str, json: Any = None, *, expect: int = 200, **headers: str) -> Any:
        """The answer, which has the status expected; English, so that tests can read it."""
        sent = {
            "Authorization": f"Bearer {self.tokens['access_token']}",
            "Accept-Language": "en",
            **_names(headers),
        }
        answer = self.client.open(f"/api/v1{path}", method=method, json=json, headers=sent)
        assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text[:2000]}"
        return answer


@dataclass(kw_only=True)
class ConsoleUnderTest:
    """The app, and a way to have administrators in it."""

    app: Flask
    central: CentralDatabase
    runner: OperationRunner
    announcements: Announcements
    signing_in: AdministratorSignIn

    def administrator(self, role: str, *, username: str | None = None) -> Administrator:
        """An active administrator in a role; the user name is the role's unless given."""
        name = username or role
        with self.central.database(roles.CONSOLE).unit_of_work() as uow:
            made, issued = create_administrator(
                uow=uow,
                signing_in=self.signing_in,
                username=name,
                email=f"{name}@platform.example",
                full_name="Trần Thị Quản Trị" if role == "super_admin" else "Lê Văn Hỗ Trợ",
                role=role,
            )
            self.signing_in.accept(uow=uow, secret=issued.secret, password=PASSWORD)
            uow.commit()
        return made

    def browser(self, role: str | None = None) -> Browser:
        """Somebody at the pages, signed in if a role is given."""
        browser = Browser(self.app)
        if role is None:
            return browser
        self._ensure(role)
        return browser.sign_in(role)

    def caller(self, role: str) -> Caller:
        """A program of an administrator in a role."""
        self._ensure(role)
        return Caller(self.app, role)

    def _ensure(self, role: str) -> None:
        with self.central.superuser() as connection:
            found = connection.execute("SELECT 1 FROM users WHERE username = %s", (role,)).fetchone()
        if found is None:
            self.administrator(role)


def console_under_test(
    *,
    central: CentralDatabase,
    keys: LocalKeyring,
    keychain: Keychain,
    provisioner: Provisioner,
    redis_url: str,
    **settings: Any,
) -> ConsoleUnderTest:
    """The product's app with the test's parts, and `settings` beside those of all tests. Close `runner` at the end."""
    database = central.database(roles.CONSOLE)
    with central.database(roles.OWNER).unit_of_work() as uow:
        store = SqlDataKeyStore(uow)
        ensure_signing_keys(uow=uow, keychain=keychain, store=store)
        ensure_blind_index_key(uow=uow, provider=keys)
        record = uow.session.query(SigningKeyRecord).filter_by(issuer=ISSUER).one()
        row = {column.name: getattr(record, column.name) for column in SigningKeyRecord.__table__.columns}
        signer = signer_from(row, keychain=keychain, store=store)
        blind_rows = [
            BlindIndexKeyRow(each.version, each.kek_version, each.wrapped)
            for each in uow.session.query(BlindIndexKeyRecord)
        ]
        uow.commit()
    announcements = Announcements()
    announcer: RouteAnnouncer = announcements
    runner = OperationRunner(
        database=database,
        provisioner=provisioner,
        rotation=CredentialRotation(
            central=database, keychain=keychain, server=hospital_server(central.servers), announcer=announcer
        ),
        invites=HeldInvites(keychain),
    )
    redis = HelpfulRedis(connect(redis_url))
    signing_in = AdministratorSignIn(Passwords(memory_kib=8, passes=1, lanes=1))
    app = create_app(
        Settings(cookie_secret="only-for-tests", sign_in_per_minute=1000, rate_per_minute=10_000, **settings),
        database=database,
        gate=gate_for(portal=AUDIENCE, issuer=ISSUER, keys=jwks([row["public_jwk"]]), required=("role",), secure=False),
        sessions=AdministratorSessions(signer=signer),
        sign_in=signing_in,
        factors=AdministratorFactors(keychain),
        console=Console(announcer=announcer, runner=runner, staff_url=STAFF_URL),
        workers=WorkerGate(database=central.database(roles.INGEST)),
        blind_index=load_blind_index(keys, blind_rows),
        bus=SyncBus(redis),
        doorbell=RedisDoorbell(redis),
    )
    return ConsoleUnderTest(app=app, central=central, runner=runner, announcements=announcements, signing_in=signing_in)


def _names(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
