"""The three portals put together by the composition root itself, over a test's own central database."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from flask import Flask

from central import roles
from central.auth.signing_keys import ensure_signing_keys
from central.patient_index.blind_index_keys import ensure_blind_index_key
from central.registry.public import SqlDataKeyStore
from kernel.settings import Settings, read
from keys.public import Keychain, LocalKeyring, scopes
from manage.wiring.central import central_app
from manage.wiring.patient import patient_app
from manage.wiring.portals import close_portal
from manage.wiring.sources import KEYRING_FILE
from manage.wiring.staff import staff_app
from tests.support.databases import PASSWORDS, CentralDatabase


class Portals:
    """The apps as gunicorn gets them, each made when it is asked for."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._made: list[Flask] = []

    @cached_property
    def console(self) -> Flask:
        """Of the platform's administrators."""
        return self._keep(central_app(self.settings))

    @cached_property
    def staff(self) -> Flask:
        """Of the hospitals' staff."""
        return self._keep(staff_app(self.settings))

    @cached_property
    def patient(self) -> Flask:
        """Of the patients."""
        return self._keep(patient_app(self.settings))

    @property
    def all(self) -> dict[str, Flask]:
        """By their names."""
        return {"console": self.console, "staff": self.staff, "patient": self.patient}

    def close(self) -> None:
        """Close those that were made."""
        for app in self._made:
            close_portal(app)

    def _keep(self, app: Flask) -> Flask:
        self._made.append(app)
        return app


@contextmanager
def open_portals(
    *, central: CentralDatabase, keys: LocalKeyring, keyring_path: Path, redis_url: str, folder: Path, **more: str
) -> Iterator[Portals]:
    """Keys are made as `sokham up` makes them; passwords are cheap to check, limits are out of the way."""
    _make_keys(central, keys)
    (folder / "keys").mkdir()
    shutil.copy2(keyring_path, folder / "keys" / KEYRING_FILE)
    settings = read(
        {
            "DATABASE_URL": central.url,
            "REDIS_URL": redis_url,
            "SOKHAM_DATA_DIR": str(folder),
            "SOKHAM_COOKIE_SECRET": "c" * 40,
            "SOKHAM_ARGON2_MEMORY_KIB": "64",
            "SOKHAM_RATE_PER_MINUTE": "100000",
            "SOKHAM_SIGN_IN_PER_MINUTE": "100000",
            **{f"SOKHAM_PASSWORD_{name.removeprefix('sokham_').upper()}": word for name, word in PASSWORDS.items()},
            **more,
        }
    )
    portals = Portals(settings)
    try:
        yield portals
    finally:
        portals.close()


def _make_keys(central: CentralDatabase, keys: LocalKeyring) -> None:
    keychain = Keychain(keys)
    with central.database(roles.OWNER).unit_of_work() as uow:
        store = SqlDataKeyStore(uow)
        ensure_signing_keys(uow=uow, keychain=keychain, store=store)
        ensure_blind_index_key(uow=uow, provider=keys)
        keychain.current(store, tenant=None, scope=scopes.INDEX)
        uow.commit()
