"""The live process under gunicorn: killed, its browsers come back to the next one; asked to stop, it lets them go."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from manage.embedded.ports import free_port
from manage.processes import gunicorn
from tenant_app.live.public import connected_people
from tests.integration.live.test_changes import call_somebody, hears
from tests.support.clinic import Clinic
from tests.support.databases import PASSWORDS
from tests.support.live import SignIn, Window, cookie_of
from tests.support.portals import Portals
from tests.support.waiting import wait_until

pytestmark = pytest.mark.faults

ROOT = Path(__file__).parents[3]
STOP_SECONDS = 10.0


class Served:
    """gunicorn with the live process, again and again on one port."""

    def __init__(self, portals: Portals) -> None:
        self._settings = portals.settings
        self.port = free_port()
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        settings = self._settings
        environment = {
            "PATH": os.defpath,
            "SOKHAM_BIND": f"127.0.0.1:{self.port}",
            "SOKHAM_LIVE_CONNECTIONS": "50",
            "SOKHAM_DATA_DIR": str(settings.data_dir),
            "SOKHAM_STAFF_URL": settings.staff_url,
            "SOKHAM_PASSWORD_ROUTE": PASSWORDS["sokham_route"],
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
        }
        argv = gunicorn("live", config="manage.live_config")
        started = subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        wait_until(self._answers, seconds=60, what="the live process")
        return started

    def again(self) -> None:
        """After its end."""
        self.process = self._start()

    def kill(self) -> None:
        """Master and worker at once, as by a machine that stops."""
        family = [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]
        for each in family:
            each.kill()
        self.process.wait()
        wait_until(lambda: not any(each.is_running() for each in family), what="their end")

    def _answers(self) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5).status_code == 200
        except requests.RequestException:
            return False


@pytest.fixture
def served(portals: Portals, clinic: Clinic) -> Iterator[Served]:
    """One that runs."""
    made = Served(portals)
    yield made
    if made.process.poll() is None:
        made.kill()


def connect(served: Served, portals: Portals, cookie: str) -> Window:
    return Window.open(f"http://127.0.0.1:{served.port}", cookie=cookie, origin=portals.settings.staff_url)


def windows_of(clinic: Clinic) -> list[int]:
    with clinic.uow() as uow:
        return [each.windows for each in connected_people(uow=uow).items]


def test_after_kill_9_a_browser_comes_back_and_reads_what_it_missed(
    served: Served, portals: Portals, sign_in: SignIn, clinic: Clinic
) -> None:
    doctor = sign_in(clinic, "doctor")
    cookie = cookie_of(doctor.client)
    window = connect(served, portals, cookie)
    at = window.follow("queue")["at"]
    wait_until(lambda: windows_of(clinic) == [1], what="the row of the window")
    served.kill()
    wait_until(lambda: window.ended, what="the end of the connection")
    call_somebody(clinic, doctor)
    served.again()
    back = connect(served, portals, cookie)
    assert back.follow("queue", since=at)["changed"] == ["queue"]
    call_somebody(clinic, doctor, room="P.8")
    hears(back, "queue")
    back.close()
    window.close()


def test_asked_to_stop_it_lets_its_browsers_go_and_ends(
    served: Served, portals: Portals, sign_in: SignIn, clinic: Clinic
) -> None:
    cookie = cookie_of(sign_in(clinic, "nurse").client)
    opened = [connect(served, portals, cookie) for _ in range(3)]
    for window in opened:
        window.follow("queue")
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(STOP_SECONDS) == 0
    wait_until(lambda: all(window.ended for window in opened), what="the end of the connections")
    for window in opened:
        window.close()


def test_websockets_leave_threads_for_the_machines_own_questions(
    served: Served, portals: Portals, sign_in: SignIn, clinic: Clinic
) -> None:
    """Each holds a thread for as long as it lasts: the health check must still be answered."""
    browsers = [sign_in(clinic, "nurse") for _ in range(5)]
    opened = [connect(served, portals, cookie_of(each.client)) for each in browsers for _ in range(10)]
    answer = requests.get(f"http://127.0.0.1:{served.port}/readyz", timeout=5)
    assert answer.status_code == 200
    figures = requests.get(f"http://127.0.0.1:{served.port}/metrics", timeout=5).text
    assert f'sokham_live_connections{{hospital="{clinic.hospital.tenant_code}"}} 50.0' in figures
    for window in opened:
        window.close()
