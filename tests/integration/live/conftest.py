"""Two hospitals at work, the staff portal, and the live process beside it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from kernel.passwords import Passwords
from live.app import LiveProcess
from manage.wiring.live import live_process
from tenant_app.staff.models import User
from tests.support.clinic import Clinic, add_user, open_clinic
from tests.support.hospitals import Hospital
from tests.support.live import OpenWindow, SignIn, Window, cookie_of, served_live
from tests.support.portals import Portals
from tests.support.proxy import Proxy, proxy_to
from tests.support.servers import Servers
from tests.support.staff_browser import Browser

PASSWORD = "một mật khẩu thật dài"
CHEAP = Passwords(memory_kib=64, passes=1, lanes=1)


@pytest.fixture
def clinics(two_hospitals: tuple[Hospital, Hospital]) -> tuple[Clinic, Clinic]:
    """Both hospitals, open."""
    return open_clinic(two_hospitals[0]), open_clinic(two_hospitals[1])


@pytest.fixture
def clinic(clinics: tuple[Clinic, Clinic]) -> Clinic:
    """The first of the two."""
    return clinics[0]


@pytest.fixture
def wire(servers: Servers) -> Iterator[Proxy]:
    """Between the live process and Redis, to be cut."""
    with proxy_to("127.0.0.1", servers.redis.port) as between:
        yield between


@pytest.fixture
def live(portals: Portals, clinics: tuple[Clinic, Clinic], wire: Proxy, servers: Servers) -> Iterator[LiveProcess]:
    """The process, as the composition root makes it; not serving yet."""
    there = portals.settings.redis_url.replace(f":{servers.redis.port}/", f":{wire.port}/")
    process = live_process(replace(portals.settings, redis_url=there))
    yield process
    process.stop()


@pytest.fixture
def address(live: LiveProcess) -> Iterator[str]:
    """Where it serves."""
    with served_live(live) as url:
        yield url


@pytest.fixture
def sign_in(portals: Portals) -> SignIn:
    """Signs somebody new in at a clinic: `sign_in(clinic, "nurse")`."""

    def begin(clinic: Clinic, role: str) -> Browser:
        with clinic.uow() as uow:
            user_id = add_user(uow, role=role, department_id=clinic.department_id)
            uow.session.execute(update(User).where(User.id == user_id).values(password_hash=CHEAP.hash(PASSWORD)))
            username = uow.session.scalars(select(User.username).where(User.id == user_id)).one()
            uow.commit()
        browser = Browser(portals.staff.test_client(), user_id)
        answer = browser.post("/sign-in", hospital=clinic.hospital.tenant_code, username=username, password=PASSWORD)
        assert answer.status_code == 303, answer.text
        return browser

    return begin


@pytest.fixture
def window(address: str, portals: Portals) -> Iterator[OpenWindow]:
    """Opens a window of somebody who is signed in."""
    opened: list[Window] = []

    def connect(browser: Browser) -> Window:
        opened.append(Window.open(address, cookie=cookie_of(browser.client), origin=portals.settings.staff_url))
        return opened[-1]

    yield connect
    for each in opened:
        each.close()
