"""The real staff portal over two real hospitals: people sign in as people do, through the page."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from sqlalchemy import select, update

from central import roles
from central.auth.signing_keys import ensure_signing_keys
from central.registry.public import SqlDataKeyStore
from central.router.public import TenantRouter
from kernel.passwords import Passwords
from kernel.settings import Settings
from keys.public import Keychain
from manage.wiring.sources import KEYRING_FILE
from manage.wiring.staff import staff_app
from tenant_app.staff.models import User
from tests.support.chromium import browser, served
from tests.support.clinic import Clinic, add_user
from tests.support.databases import PASSWORDS, CentralDatabase
from tests.support.staff_browser import PASSWORD, Browser

CHEAP = Passwords(memory_kib=64, passes=1, lanes=1)


@pytest.fixture
def settings(central: CentralDatabase, keyring_path: Path, keychain: Keychain, tmp_path: Path) -> Settings:
    """What the staff portal's process is told."""
    (tmp_path / "keys").mkdir()
    shutil.copy(keyring_path, tmp_path / "keys" / KEYRING_FILE)
    with central.database(roles.CONSOLE).unit_of_work() as uow:
        ensure_signing_keys(uow=uow, keychain=keychain, store=SqlDataKeyStore(uow))
        uow.commit()
    # The keyring on disk may have grown by the wrapping key of the signing keys.
    shutil.copy(keyring_path, tmp_path / "keys" / KEYRING_FILE)
    return Settings(
        data_dir=tmp_path,
        database_url=central.url,
        password_route=PASSWORDS[roles.ROUTE],
        cookie_secret="only-for-tests",
        staff_url="http://localhost",
        argon2_memory_kib=64,
        rate_per_minute=10_000,
        sign_in_per_minute=1_000,
    )


@pytest.fixture
def app(settings: Settings, clinics: tuple[Clinic, Clinic]) -> Iterator[Flask]:
    """The portal."""
    made = staff_app(settings)
    yield made
    router: TenantRouter = made.extensions["sokham"][TenantRouter]
    router.close()


@pytest.fixture
def sign_in(app: Flask) -> Any:
    """Signs somebody in at a clinic: `sign_in(clinic, "nurse")` gives their browser."""

    def begin(clinic: Clinic, role: str) -> Browser:
        with clinic.uow() as uow:
            if role == "admin":
                user_id = uow.session.scalars(select(User.id).where(User.role == "admin")).first()
            else:
                user_id = add_user(uow, role=role, department_id=clinic.department_id)
            uow.session.execute(update(User).where(User.id == user_id).values(password_hash=CHEAP.hash(PASSWORD)))
            username = uow.session.scalars(select(User.username).where(User.id == user_id)).one()
            uow.commit()
        browser = Browser(app.test_client(), user_id)
        answer = browser.post("/sign-in", hospital=clinic.hospital.tenant_code, username=username, password=PASSWORD)
        assert answer.status_code == 303, answer.text
        return browser

    return begin


@pytest.fixture
def stranger(app: Flask) -> Browser:
    """Nobody in particular."""
    return Browser(app.test_client())


@pytest.fixture
def chromium() -> Iterator[Chromium]:
    """A browser."""
    with browser() as started:
        yield started


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    """The portal, served."""
    with served(app) as address:
        yield address
