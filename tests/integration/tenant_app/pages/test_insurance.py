"""The page of the health insurance card, and what the banner says of it where a patient is received."""

import re
from collections.abc import Callable
from datetime import timedelta

from kernel.clock import local_today
from tests.support.clinic import Clinic
from tests.support.counting import Counting
from tests.support.staff_browser import Browser

SignIn = Callable[[Clinic, str], Browser]


def test_the_desk_is_warned_of_a_card_that_is_not_good(
    sign_in: SignIn, clinic: Clinic, count_queries: Counting
) -> None:
    patient = clinic.patient().patient.id
    desk = sign_in(clinic, "receptionist")
    record, here = f"/patients/{patient}", f"/patients/{patient}/insurance"
    assert "chưa ghi hạn thẻ" not in desk.get(record), "who has no card is not asked for its days"
    wrong = desk.post(here, bhyt="GD4793456789012", valid_from="31/02/2026", facility_code="9")
    assert wrong.status_code == 422
    assert "31/02/2026" in wrong.text
    today = local_today()
    expired = (today - timedelta(days=3)).strftime("%d/%m/%Y")
    answer = desk.post(here, bhyt="GD4793456789012", valid_from="01/01/2020", valid_to=expired, facility_code="79025")
    assert answer.status_code == 303, answer.text
    for page in (record, here, f"/queue/new?patient={patient}", f"/appointments/new?patient={patient}"):
        assert f"hết hạn ngày {expired}" in desk.client.get(page).text, page
    with count_queries() as counted:
        shown = desk.get(here)
    assert counted.total <= 12, counted.statements
    assert "hưởng 80 % chi phí, theo quy định" in shown
    later = (today + timedelta(days=5)).strftime("%d/%m/%Y")
    assert desk.post(here, valid_from=later).status_code == 303, "the number that is known"
    assert f"chưa có giá trị, từ ngày {later}" in desk.get(record)
    ending = re.findall(r'action="([^"]+/end)"', desk.get(here))[0]
    assert desk.post(ending, reason="mistaken").status_code == 303
    assert "chưa ghi hạn thẻ" in desk.get(record)
    taken = desk.post(
        f"/patients/{clinic.patient().patient.id}/insurance", bhyt="GD4793456789012", valid_from="01/01/2026"
    )
    assert taken.status_code == 409
    assert record in taken.text, "whose it is"
    assert 'name="valid_from"' not in sign_in(clinic, "cashier").get(here)
