"""One's own number in a real browser: on a phone first, in both languages, and it follows the desk by itself."""

import pytest
from playwright.sync_api import expect

from tenant_app.queue.public import call_next
from tests.support.chromium import READERS, browser, looker, pictures, served
from tests.support.patient_portal import PatientPortal

pytestmark = pytest.mark.e2e

# As when somebody looks at the phone again: the page asks at once and not at its next turn.
LOOK = "document.dispatchEvent(new Event('visibilitychange'))"


@pytest.mark.parametrize(("width", "language"), READERS)
def test_it_follows_the_desk_and_bears_a_lost_connection(portal: PatientPortal, width: int, language: str) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    with served(portal.app) as url, browser() as chromium:
        eyes = looker(chromium, url, width=width, language=language, pictures=pictures())
        eyes.take_session(member.browser(), "sokham_patient_session")
        page, tag = eyes.page, f"{language}-{width}"
        eyes.go("/queue")
        eyes.look(f"number-none-{tag}")
        before = clinic.number(clinic.born(), priority="none")
        mine = clinic.number(member.record.patient.id, priority="none")
        page.evaluate(LOOK)
        expect(page.locator(".pq-number")).to_contain_text(str(mine.number))
        eyes.look(f"number-waiting-{tag}")
        eyes.go("/")
        eyes.look(f"number-home-{tag}")
        page.locator("a.pq-tile").click()
        for _ in range(before.number + 1):
            with clinic.uow() as uow:
                call_next(uow=uow, actor=clinic.admin, department_id=clinic.department_id, room="P.12")
                uow.commit()
        page.evaluate(LOOK)
        expect(page.locator(".pq-called .pq-state")).to_contain_text("P.12")
        assert page.title().startswith("It is your turn" if language == "en" else "Đến lượt quý vị")
        eyes.look(f"number-called-{tag}")
        assert eyes.complaints == []
        page.context.set_offline(True)
        for _ in range(2):
            with page.expect_event("requestfailed"):
                page.evaluate(LOOK)
        expect(page.locator("[data-poll-away]")).to_be_visible()
        expect(page.locator(".sk-toast")).to_have_count(0)
        expect(page.locator(".pq-number")).to_contain_text(str(mine.number))
        page.context.set_offline(False)
        page.evaluate(LOOK)
        expect(page.locator("[data-poll-away]")).to_be_hidden()
