"""The page of a department: its name, its place, what keeps it open."""

from collections.abc import Callable

from tests.support.clinic import Clinic
from tests.support.counting import Counting
from tests.support.staff_browser import Browser, sent_as_shown

SignIn = Callable[[Clinic, str], Browser]


def test_it_is_renamed_moved_closed_and_opened(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    assert admin.post("/hospital/departments", code="XN", name="Khoa Xét nghiệm").status_code == 303
    listed = admin.get("/hospital")
    path = next(part.split('"')[0] for part in listed.split('href="')[1:] if part.split(">")[1].startswith("Khoa Xét"))
    form = sent_as_shown(admin.get(path))
    refused = admin.post(path, **{**form, "name": " "})
    assert refused.status_code == 422
    assert 'id="name-error"' in refused.text
    assert admin.post(path, **{**form, "name": "Khoa Sinh hóa"}).status_code == 303
    late = admin.post(path, **{**form, "name": "Khoa Vi sinh"})
    assert late.status_code == 412
    assert 'value="Khoa Vi sinh"' in late.text, "what was typed stays"
    assert admin.post(f"{path}/move", direction="up").status_code == 303
    listed = admin.get("/hospital")
    assert listed.index("Khoa Sinh hóa") < listed.index("Khoa Nội tổng hợp")
    assert admin.post(f"{path}/close").status_code == 303
    assert "Mở lại khoa" in admin.get(path)
    assert "Khoa Sinh hóa" not in admin.get("/staff/invite")
    assert admin.post(f"{path}/open").status_code == 303
    assert "Khoa Sinh hóa" in admin.get("/staff/invite")


def test_what_hangs_on_it_is_named(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    clinic.appointment(clinic.patient().patient.id)
    clinic.number(clinic.patient().patient.id)
    path = f"/hospital/departments/{clinic.department_id}"
    shown = admin.get(path)
    for words in ("1 nhân viên", "1 lịch hẹn sắp tới", "1 số thứ tự chưa xong"):
        assert words in shown
    assert f"{path}/close" not in shown
    refused = admin.post(f"{path}/close")
    assert refused.status_code == 409
    assert "Chưa đóng được khoa này" in refused.text


def test_only_ones_own_and_who_may(sign_in: SignIn, clinics: tuple[Clinic, Clinic], count_queries: Counting) -> None:
    clinic, other = clinics
    path = f"/hospital/departments/{clinic.department_id}"
    theirs = sign_in(other, "admin")
    assert theirs.client.get(path).status_code == 404
    for action in ("", "/close", "/open", "/move"):
        assert theirs.post(f"{path}{action}", name="x", version="1").status_code == 404
    nurse = sign_in(clinic, "nurse")
    assert nurse.client.get(path).status_code == 403
    assert path not in nurse.get("/hospital")
    admin = sign_in(clinic, "admin")
    with count_queries() as counted:
        admin.get(path)
    assert counted.total <= 12, counted.statements
