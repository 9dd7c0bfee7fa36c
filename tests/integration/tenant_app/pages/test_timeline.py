"""The timeline's page: days, words, a filter, and a few statements however much happened."""

from collections.abc import Callable

from tests.support.clinic import Clinic
from tests.support.counting import Counting
from tests.support.staff_browser import Browser

SignIn = Callable[[Clinic, str], Browser]


def test_what_happened_stands_there_in_words(sign_in: SignIn, clinic: Clinic, count_queries: Counting) -> None:
    patient = clinic.patient().patient.id
    for hour in range(8, 11):
        clinic.appointment(patient, start=f"{hour:02d}:00", end=f"{hour:02d}:30")
    here = f"/patients/{patient}/timeline"
    desk = sign_in(clinic, "receptionist")
    with count_queries() as counted:
        page = desk.get(here)
    assert counted.total <= 12, counted.statements
    assert page.count('title">Đặt lịch hẹn<') == 3
    assert "Thêm số giấy tờ" in page
    assert page.index('title">Đặt lịch hẹn<') < page.index("Thêm số giấy tờ"), "the newest first"
    assert here in desk.get(f"/patients/{patient}")
    only = desk.get(here, kind="queue")
    assert "Chưa có việc nào thuộc loại này" in only
    assert desk.client.get(f"{here}?kind=access").status_code == 403
    admin = sign_in(clinic, "admin")
    assert "Mở hồ sơ" in admin.get(here, kind="access")
    for wrong in ("cursor=x", "kind=nonsense"):
        assert admin.client.get(f"{here}?{wrong}").status_code in {200, 422}
