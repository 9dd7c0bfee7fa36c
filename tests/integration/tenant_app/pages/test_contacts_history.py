"""The pages of contacts and history: what the forms ask, and what the record says of a child without a guardian."""

import re
from collections.abc import Callable
from datetime import date, timedelta

from kernel.clock import local_today
from tests.support.clinic import Clinic
from tests.support.counting import Counting
from tests.support.staff_browser import Browser

SignIn = Callable[[Clinic, str], Browser]


def test_a_child_needs_a_guardian_and_the_record_says_so(sign_in: SignIn, clinic: Clinic) -> None:
    child = clinic.born(local_today() - timedelta(days=900))
    desk = sign_in(clinic, "receptionist")
    record, here = f"/patients/{child}", f"/patients/{child}/contacts"
    assert "Trẻ dưới 6 tuổi chưa ghi người giám hộ" in desk.get(record)
    assert desk.post(here, full_name="", phone="12").status_code == 422
    mother = {"full_name": "Lê Thị Mẹ", "phone": "0912345678", "relation": "mẹ"}
    assert desk.post(here, **mother).status_code == 303
    assert "chưa ghi người giám hộ" in desk.get(record), "somebody to call is no guardian yet"
    assert desk.post(here, full_name="Trần Văn Cha", phone="0987654321", is_guardian="1").status_code == 303
    shown = desk.get(record)
    assert "chưa ghi người giám hộ" not in shown
    assert "Lê Thị Mẹ · mẹ · 0912 345 678" in shown
    (first,) = re.findall(r'action="([^"]+/call-first)"', desk.get(here))
    assert desk.post(first).status_code == 303
    assert "Trần Văn Cha" in desk.get(record)
    ending = re.findall(r'action="([^"]+/end)"', desk.get(here))[0]
    assert desk.post(ending, reason="ended").status_code == 303
    assert desk.post(ending, reason="ended").status_code == 303, "a message, not an error page"
    assert 'name="full_name"' not in sign_in(clinic, "cashier").get(here)


def test_history_is_for_those_who_treat(sign_in: SignIn, clinic: Clinic, count_queries: Counting) -> None:
    patient = clinic.born(date(1960, 2, 3))
    here = f"/patients/{patient}/history"
    doctor = sign_in(clinic, "doctor")
    wrong = doctor.post(here, kind="chronic", what="Tăng huyết áp", since_year="15")
    assert wrong.status_code == 422
    assert "Tăng huyết áp" in wrong.text
    for at in range(6):
        answer = doctor.post(here, kind="chronic", what=f"Bệnh thứ {at}", icd10="I10", since_year="2015")
        assert answer.status_code == 303
    with count_queries() as counted:
        page = doctor.get(here)
    assert counted.total <= 12, counted.statements
    assert page.count("Bệnh thứ") == 6
    ending = re.findall(r'action="([^"]+/end)"', page)[0]
    assert doctor.post(ending, reason="mistaken").status_code == 303
    desk = sign_in(clinic, "receptionist")
    assert desk.client.get(here).status_code == 403
    assert here not in desk.get(f"/patients/{patient}")
    assert 'name="what"' not in sign_in(clinic, "lab_technician").get(here)
