"""Two real browsers side by side: what is done in one is seen in the other, without anybody loading anything."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Request, expect

from kernel.clock import local_today
from live.app import LiveProcess
from manage.embedded.ports import free_port
from manage.wiring.live import live_process
from manage.wiring.portals import close_portal
from manage.wiring.staff import staff_app
from tenant_app.appointments.public import book
from tests.support.chromium import DESK, PHONE, READERS, Looker, browser, looker, pictures, served
from tests.support.clinic import Clinic, staff_actor
from tests.support.live import COOKIE, SignIn, served_live
from tests.support.portals import Portals
from tests.support.proxy import Proxy, proxy_to
from tests.support.staff_browser import Browser
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e

HEARS = "html[data-live-state=hears]"
WAITS = "html[data-live-state=waits]"


@dataclass(frozen=True)
class Town:
    """The staff portal with its live updates behind a wire that can be cut."""

    url: str
    wire: Proxy
    chromium: Chromium
    live: LiveProcess

    def eyes(self, who: Browser, *, width: int = DESK, language: str = "vi") -> Looker:
        """Somebody's own browser."""
        made = looker(self.chromium, self.url, width=width, language=language, pictures=pictures())
        made.take_session(who.client, COOKIE)
        return made


@pytest.fixture
def town(portals: Portals, clinics: tuple[Clinic, Clinic]) -> Iterator[Town]:
    """It all runs."""
    staff_port = free_port()
    settings = replace(portals.settings, staff_url=f"http://localhost:{staff_port}")
    process = live_process(settings)
    with (
        served_live(process) as address,
        proxy_to("127.0.0.1", int(address.rpartition(":")[2])) as wire,
        browser() as chromium,
    ):
        app = staff_app(replace(settings, live_url=f"http://localhost:{wire.port}"))
        with served(app, port=staff_port) as url:
            yield Town(url, wire, chromium, process)
        close_portal(app)


def asked_by_itself(eyes: Looker) -> set[bool]:
    """Whether what the page asks htmx for from now on says that nobody asked."""
    found: set[bool] = set()

    def note(request: Request) -> None:
        if "hx-request" in request.headers:
            found.add("by-itself" in request.headers)

    eyes.page.on("request", note)
    return found


def test_a_called_number_stands_on_the_wall_and_in_the_line_at_once(
    town: Town, clinic: Clinic, sign_in: SignIn
) -> None:
    first, second = (clinic.number(clinic.patient().patient.id, priority="none") for _ in range(2))
    doctor, nurse = town.eyes(sign_in(clinic, "doctor")), town.eyes(sign_in(clinic, "nurse"), width=PHONE)
    wall, overview = town.eyes(sign_in(clinic, "cashier")), town.eyes(sign_in(clinic, "receptionist"))
    line = f"/queue/{clinic.department_id}"
    for eyes, path in ((doctor, line), (nurse, line), (wall, f"{line}/wall"), (overview, "/queue")):
        eyes.go(path)
        expect(eyes.page.locator(HEARS)).to_be_attached()
        expect(eyes.page.locator("[data-live-badge]")).to_be_hidden()
    on_the_wall, in_the_line = asked_by_itself(wall), asked_by_itself(nurse)
    doctor.page.fill("#room", "P.12")
    # Its own polling would take five seconds at the wall, fifteen in the line, and be without end in the overview.
    doctor.page.locator(".qu-call button").click()
    expect(wall.page.locator(".qu-wall-newest .qu-wall-number")).to_have_text(str(first.number), timeout=4000)
    expect(wall.page.locator(".qu-wall-newest")).to_contain_text("P.12")
    expect(nurse.page.locator("#called-title")).to_be_visible(timeout=4000)
    expect(overview.page.locator("#the-queues tbody tr").first).to_contain_text("2")
    doctor.page.locator(f"#q-{second.id} button", has_text="Gọi").click()
    expect(wall.page.locator(".qu-wall-newest .qu-wall-number")).to_have_text(str(second.number), timeout=4000)
    assert (on_the_wall, in_the_line) == ({False}, {True}), "a wall has nobody who touches it, and stays"
    for name, eyes in (("line", doctor), ("line-phone", nurse), ("wall", wall), ("overview", overview)):
        eyes.look(f"live-{name}")
        assert eyes.complaints == [], name


def test_the_day_follows_and_what_was_opened_stays_open(town: Town, clinic: Clinic, sign_in: SignIn) -> None:
    done = clinic.appointment(clinic.patient().patient.id, start="08:00", end="08:30")
    waits = clinic.appointment(clinic.patient().patient.id, start="09:00", end="09:30")
    desk, colleague = town.eyes(sign_in(clinic, "receptionist")), town.eyes(sign_in(clinic, "nurse"))
    day = f"/today?day={done.appointment_date}&doctor="
    desk.go(f"/appointments/{done.id}/cancel")
    desk.page.locator("main form input[name=reason]").first.check()
    desk.page.locator("main form button[type=submit]").last.click()
    desk.page.wait_for_url("**/today*")
    colleague.go(day)
    expect(colleague.page.locator(HEARS)).to_be_attached()
    colleague.page.locator("details.st-closed summary").click()
    desk.go(day)
    desk.page.locator(f"#a-{waits.id} button", has_text="Xác nhận").click()
    expect(colleague.page.locator(f"#a-{waits.id}")).to_have_class("st-slot st-confirmed", timeout=4000)
    expect(colleague.page.locator(f"#a-{done.id}")).to_be_visible()
    assert colleague.complaints == []


@pytest.mark.parametrize(("width", "language"), [(PHONE, "vi"), (DESK, "en")])
def test_without_a_connection_the_page_says_so_asks_by_itself_and_catches_up(
    town: Town, clinic: Clinic, sign_in: SignIn, width: int, language: str
) -> None:
    first, second = (clinic.number(clinic.patient().patient.id, priority="none") for _ in range(2))
    doctor = sign_in(clinic, "doctor")
    wall = town.eyes(sign_in(clinic, "cashier"), width=width, language=language)
    line = f"/queue/{clinic.department_id}"
    wall.go(f"{line}/wall")
    expect(wall.page.locator(HEARS)).to_be_attached()
    town.live.door.close()
    town.wire.swallow()
    expect(wall.page.locator(WAITS)).to_be_attached()
    badge = wall.page.locator("[data-live-badge]")
    expect(badge).to_be_visible(timeout=15_000)
    wall.look(f"live-badge-{language}-{width}")
    assert doctor.post(f"{line}/call-next", room="P.1").status_code == 303
    expect(wall.page.locator(".qu-wall-newest .qu-wall-number")).to_have_text(str(first.number), timeout=15_000)
    town.wire.forward()
    expect(wall.page.locator(HEARS)).to_be_attached(timeout=60_000)
    expect(badge).to_be_hidden()
    assert doctor.post(f"{line}/call-next", room="P.2").status_code == 303
    expect(wall.page.locator(".qu-wall-newest .qu-wall-number")).to_have_text(str(second.number), timeout=4000)
    # The browser notes each connection that did not come about.
    assert [each for each in wall.complaints if "WebSocket" not in each] == []


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_the_bell_counts_while_somebody_reads_something_else(
    town: Town, clinic: Clinic, sign_in: SignIn, width: int
) -> None:
    doctor, desk = sign_in(clinic, "doctor"), sign_in(clinic, "receptionist")
    with clinic.uow() as uow:
        wish = clinic.booking(clinic.patient().patient.id, doctor_id=doctor.user_id)
        visit = book(uow=uow, actor=staff_actor(clinic.hospital, wish.doctor_id, role="doctor"), booking=wish)
        uow.commit()
    eyes = town.eyes(doctor, width=width)
    eyes.go("/patients")
    expect(eyes.page.locator(HEARS)).to_be_attached(timeout=10_000)
    count, away = eyes.page.locator(".sk-bell-count"), eyes.page.locator(".sk-bell-waits")
    expect(count).to_have_count(0)
    eyes.page.fill("main input[type=search]", "Nguy")
    form = {"reason": "Bệnh nhân bận", "version": str(visit.version)}
    assert desk.post(f"/appointments/{visit.id}/cancel", **form).status_code == 303
    # By itself it would ask in a minute.
    expect(count).to_have_text("1", timeout=6000)
    expect(eyes.page.locator("main input[type=search]")).to_have_value("Nguy")
    expect(away).to_be_hidden()
    eyes.look(f"live-bell-{width}")
    eyes.page.locator(".sk-bell-link").click()
    expect(eyes.page.locator(".no-unread")).to_contain_text(visit.patient_name)
    eyes.look(f"live-notices-{width}")
    assert eyes.complaints == []
    town.live.door.close()
    town.wire.swallow()
    expect(away).to_be_visible(timeout=15_000)


def test_an_ended_session_leads_to_the_sign_in(town: Town, clinic: Clinic, sign_in: SignIn) -> None:
    nurse = sign_in(clinic, "nurse")
    eyes = town.eyes(nurse)
    eyes.go(f"/today?day={local_today()}")
    expect(eyes.page.locator(HEARS)).to_be_attached()
    assert nurse.post("/sign-out").status_code == 303
    expect(eyes.page).to_have_url(re.compile("/sign-in"), timeout=15_000)


def test_a_moved_appointment_moves_in_the_calendars_of_others(town: Town, clinic: Clinic, sign_in: SignIn) -> None:
    visit = clinic.appointment(clinic.patient().patient.id)
    one, other = town.eyes(sign_in(clinic, "nurse")), town.eyes(sign_in(clinic, "receptionist"))
    for eyes in (one, other):
        eyes.go(f"/calendar?view=day&day={visit.appointment_date}")
        expect(eyes.page.locator(HEARS)).to_be_attached()
    block = one.page.locator(".ca-block[data-move]")
    block.focus()
    one.page.keyboard.press("ArrowDown")
    one.page.keyboard.press("Enter")
    one.page.locator("#ca-move button[type=submit]").click()
    expect(other.page.locator(".ca-block[data-move] .ca-time")).to_have_text("09:30", timeout=4000)
    # What came by itself can be moved on: nothing that the script holds is of the columns that went.
    moved = other.page.locator(".ca-block[data-move]:not(.is-ghost)")
    moved.focus()
    other.page.keyboard.press("ArrowDown")
    expect(other.page.locator(".is-ghost .ca-time")).to_have_text("10:00")
    other.page.keyboard.press("Escape")
    assert one.complaints + other.complaints == []


@pytest.mark.parametrize(("width", "language"), READERS)
def test_who_is_connected_can_be_read_everywhere(
    town: Town, clinic: Clinic, sign_in: SignIn, width: int, language: str
) -> None:
    nurse, boss = (
        town.eyes(sign_in(clinic, "nurse")),
        town.eyes(sign_in(clinic, "admin"), width=width, language=language),
    )
    boss.go("/staff/connected")
    expect(boss.page.locator(".sk-empty")).to_be_visible()
    boss.look(f"live-connected-none-{language}-{width}")
    nurse.go("/queue")
    expect(nurse.page.locator(HEARS)).to_be_attached()

    def listed() -> bool:
        boss.go("/staff/connected")
        return boss.page.locator("form[data-confirm]").count() == 1

    wait_until(listed, what="the nurse in the list")
    boss.look(f"live-connected-{language}-{width}")
    boss.page.locator("form[data-confirm] button").click()
    boss.page.locator("dialog[open] [data-confirm-yes]").click()
    expect(nurse.page).to_have_url(re.compile("/sign-in"), timeout=15_000)
    assert boss.complaints == []
