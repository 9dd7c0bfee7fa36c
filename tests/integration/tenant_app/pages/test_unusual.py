"""The pages of unusual access."""

from collections.abc import Callable
from uuid import UUID

from kernel.clock import local_today
from tests.support.clinic import Clinic
from tests.support.counting import Counting
from tests.support.staff_browser import Browser, sent_as_shown
from tests.support.watching import at, findings, opened, watched

SignIn = Callable[[Clinic, str], Browser]


def stands_out(clinic: Clinic, user_id: UUID | None = None) -> str:
    """Somebody opened many records at noon today; the finding's id."""
    patients = [clinic.patient().patient.id for _ in range(3)]
    more = [UUID(int=number) for number in range(1, 33)]
    opened(clinic, user_id or clinic.actor("nurse").id, [*patients, *more], at("12:00"))
    watched(clinic)
    return str(findings(clinic)[0].id)


def test_what_stands_out_is_shown_with_the_rows_behind_it(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    assert "Không có gì cần xem" in admin.get("/audit/unusual")
    assert "truy cập bất thường cần xem" not in admin.get("/today")
    found = stands_out(clinic)
    for path in ("/today", "/audit"):
        assert "Có 1 truy cập bất thường cần xem" in admin.get(path)
    listed = admin.get("/audit/unusual")
    assert "xem hồ sơ của 35 bệnh nhân trong một giờ" in listed
    assert f"12:00\u201313:00, {local_today():%d/%m/%Y}" in listed
    assert f"/audit/unusual/{found}" in listed
    shown = admin.get(f"/audit/unusual/{found}")
    assert f"/audit?finding={found}" in shown
    behind = admin.get("/audit", finding=found)
    assert behind.count("patient.read") >= 35
    assert "auth.sign_in" not in behind
    assert "Có 35 dòng" in behind


def test_a_decision_needs_its_note_and_is_not_taken_twice(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    path = f"/audit/unusual/{stands_out(clinic)}"
    form = {**sent_as_shown(admin.get(path)), "state": "explained", "note": ""}
    refused = admin.post(path, **form)
    assert refused.status_code == 422
    assert 'id="note-error"' in refused.text
    assert admin.post(path, **{**form, "note": "Đã hỏi trưởng khoa."}).status_code == 303
    late = admin.post(path, **{**form, "state": "looked_at", "note": "Tôi cũng đã hỏi."})
    assert late.status_code == 412
    assert "Tôi cũng đã hỏi." in late.text, "what was typed stays"
    assert "Đã hỏi trưởng khoa." in admin.get("/audit/unusual", state="explained")
    assert "Không có gì cần xem" in admin.get("/audit/unusual")


def test_nobody_decides_about_themselves(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    path = f"/audit/unusual/{stands_out(clinic, clinic.admin.id)}"
    shown = admin.get(path)
    assert "người khác có quyền sẽ xem" in shown
    assert "<textarea" not in shown
    assert admin.post(path, state="looked_at", version="1").status_code == 403


def test_only_ones_own_hospital_and_who_may(sign_in: SignIn, clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    found = stands_out(clinic)
    theirs = sign_in(other, "admin")
    assert theirs.client.get(f"/audit/unusual/{found}").status_code == 404
    assert theirs.client.get("/audit", query_string={"finding": found}).status_code == 404
    assert theirs.post(f"/audit/unusual/{found}", state="looked_at", version="1").status_code == 404
    nurse = sign_in(clinic, "nurse")
    for path in ("/audit/unusual", f"/audit/unusual/{found}", "/hospital/settings"):
        assert nurse.client.get(path).status_code == 403
    assert "truy cập bất thường" not in nurse.get("/today")


def test_a_page_asks_little(sign_in: SignIn, clinic: Clinic, count_queries: Counting) -> None:
    admin = sign_in(clinic, "admin")
    found = stands_out(clinic)
    for path in ("/audit/unusual", f"/audit/unusual/{found}", f"/audit?finding={found}", "/hospital/settings"):
        with count_queries() as counted:
            admin.get(path)
        assert counted.total <= 12, (path, counted.statements)
