"""Saved filters by the pages: kept from a list, opened by a click or by default, renamed, replaced and deleted."""

import re
from collections.abc import Callable
from datetime import date
from html import unescape
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from kernel.clock import local_today
from tenant_app.audit.models import AuditLog
from tenant_app.patients.models import Patient
from tenant_app.saved_filters.models import SavedFilter
from tenant_app.staff.models import Department, User
from tenant_app.staff.public import create_department
from tests.support.clinic import Clinic, add_user, tomorrow
from tests.support.counting import Counting
from tests.support.staff_browser import Browser

SignIn = Callable[[Clinic, str], Browser]
LISTS = {
    "patients": ("/patients", {"age": "from60", "insurance": "missing"}),
    "appointments": ("/today", {"doctor": "", "department": ""}),
    "calendar": ("/calendar", {"view": "week"}),
    "staff": ("/staff", {"role": "nurse"}),
    "access_log": ("/audit", {"result": "failed", "days": "30"}),
    "unusual_access": ("/audit/unusual", {"kind": "own_record"}),
}


def keep(browser: Browser, list_name: str, name: str, **fields: str) -> str:
    """Keep a filter by the form; the address that opens it."""
    kept = browser.post("/filters", list=list_name, name=name, **fields)
    assert kept.status_code == 303, kept.text
    return kept.headers["Location"]


def chips(page: str) -> dict[str, bool]:
    """Name → whether it is the one that is open."""
    found = re.findall(r'<a class="sk-chip" href="[^"]*"( aria-current="true")?>(.*?)</a>', page, re.DOTALL)
    return {unescape(re.sub(r"<[^>]+>", "", inside)).strip(): bool(current) for current, inside in found}


def kept_fields(page: str) -> dict[str, str]:
    """The hidden fields of the form that keeps what is chosen."""
    form = re.search(r'<form method="post" action="/filters" class="sk-keep-form">(.*?)</form>', page, re.DOTALL)
    if form is None:
        return {}
    found = re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)">', form[1])
    return {name: value for name, value in found if name != "csrf_token"}


def only_filter(clinic: Clinic) -> SavedFilter:
    with clinic.uow() as uow:
        return uow.session.scalars(select(SavedFilter)).one()


def test_what_is_chosen_in_a_list_is_kept_and_opened_again(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    with clinic.uow() as uow:
        nurse = uow.session.get_one(User, add_user(uow, role="nurse")).full_name
        doctor = uow.session.get_one(User, clinic.doctor_id).full_name
        uow.commit()
    assert "sk-filters" not in admin.get("/staff"), "nothing is chosen, and nothing kept"
    fields = kept_fields(admin.get("/staff", role="nurse", department=""))
    assert fields == {"list": "staff", "role": "nurse"}
    address = keep(admin, "staff", "Điều dưỡng", role=fields["role"])
    page = admin.get(address)
    assert chips(page) == {"Tất cả": False, "Điều dưỡng": True}
    assert (nurse in page, doctor in page) == (True, False)
    assert kept_fields(page) == {}, "it is kept already"
    assert chips(admin.get("/staff", role="nurse", department="")) == {"Tất cả": False, "Điều dưỡng": True}
    assert chips(admin.get("/staff")) == {"Tất cả": True, "Điều dưỡng": False}
    assert kept_fields(admin.get("/staff", role="doctor")) == {"list": "staff", "role": "doctor"}


@pytest.mark.parametrize("list_name", LISTS)
def test_a_list_opens_with_its_default_and_leads_back_to_everything(
    sign_in: SignIn, clinic: Clinic, list_name: str
) -> None:
    admin = sign_in(clinic, "admin")
    path, chosen = LISTS[list_name]
    fields = {**chosen, **({"doctor": str(clinic.doctor_id)} if list_name == "appointments" else {})}
    keep(admin, list_name, "Thường dùng", is_default="1", **fields)
    opened = admin.client.get(path)
    assert opened.status_code == 200, "no redirect, so no loop"
    assert chips(opened.text) == {"Tất cả": False, "Thường dùng": True}
    assert 'aria-label="Tự mở"' in opened.text
    assert f'href="{path}?filter=all"' in opened.text
    everything = admin.get(path, filter="all")
    assert not chips(everything)["Thường dùng"]
    assert chips(everything)["Tất cả"]


def test_patients_are_narrowed_kept_and_opened_without_what_was_typed(sign_in: SignIn, clinic: Clinic) -> None:
    desk = sign_in(clinic, "receptionist")
    old, young = str(clinic.born(date(1950, 1, 1))), str(clinic.born(date(2000, 1, 1)))
    with clinic.uow() as uow:
        name = uow.session.get_one(Patient, UUID(old)).full_name
    listed = desk.post("/patients", query=name, age="from60", gender="", insurance="missing", status="").text
    assert (old in listed, young in listed) == (True, False)
    assert kept_fields(listed) == {"list": "patients", "age": "from60", "insurance": "missing"}
    part = desk.part("/patients", query=name, age="from60", gender="", insurance="", status="").text
    assert 'id="kept-filters" hx-swap-oob="innerHTML"' in part, "the row of filters follows the choice"
    assert "kept-filters" not in desk.part("/patients", query=name).text, "booking's search has no such row"
    address = keep(desk, "patients", "Cao tuổi chưa có BHYT", age="from60", insurance="missing", query=name)
    assert only_filter(clinic).parameters == {"age": "from60", "insurance": "missing"}
    page = desk.get(address)
    assert (old in page, young in page) == (True, False)
    assert 'value="from60" selected' in page
    assert chips(page)["Cao tuổi chưa có BHYT"]
    assert old not in desk.get("/patients")
    assert old not in desk.get("/patients", filter="all")
    with clinic.uow() as uow:
        searched = select(AuditLog.changed).where(AuditLog.action == "patient.search").order_by(AuditLog.id.desc())
        assert uow.session.scalars(searched).first() == ["age", "insurance"]


def test_a_default_of_patients_is_not_in_the_way_of_booking(sign_in: SignIn, clinic: Clinic) -> None:
    desk = sign_in(clinic, "receptionist")
    old, young = (clinic.born(date(year, 1, 1)) for year in (1950, 2000))
    keep(desk, "patients", "Cao tuổi", age="from60", is_default="1")
    page = desk.get("/patients")
    assert (str(old) in page, str(young) in page) == (True, False)
    with clinic.uow() as uow:
        name = uow.session.get_one(Patient, young).full_name
    booking = desk.get("/patients", day=str(tomorrow()))
    assert "sk-filters" not in booking
    assert str(young) in desk.part("/patients", query=name, day=str(tomorrow())).text


def test_the_queue_opens_with_ones_department_and_leads_back_to_all_of_them(sign_in: SignIn, clinic: Clinic) -> None:
    nurse = sign_in(clinic, "nurse")
    line = f"/queue/{clinic.department_id}"
    assert kept_fields(nurse.get(line)) == {"list": "queue", "department": str(clinic.department_id)}
    keep(nurse, "queue", "Khoa của tôi", department=str(clinic.department_id), is_default="1")
    opened = nurse.client.get("/queue")
    assert (opened.status_code, opened.headers["Location"]) == (303, line)
    page = nurse.get(line)
    assert chips(page) == {"Tất cả": False, "Khoa của tôi": True}
    assert '<a class="sk-back" href="/queue?filter=all">' in page
    assert chips(nurse.get("/queue", filter="all")) == {"Tất cả": True, "Khoa của tôi": False}
    refreshed = nurse.client.get("/queue", headers={"HX-Request": "true"})
    assert refreshed.status_code == 200, "what refreshes itself stays where it is"
    with clinic.uow() as uow:
        uow.session.execute(update(Department).values(status="inactive"))
        uow.commit()
    assert "bộ lọc này bỏ qua: Khoa." in nurse.get("/queue")


def test_an_address_of_its_own_is_stronger_than_the_default(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    keep(admin, "staff", "Điều dưỡng", role="nurse", is_default="1")
    assert 'value="doctor" selected' in admin.get("/staff", role="doctor")
    assert 'value="nurse" selected' not in admin.get("/staff", role="", department="")
    assert 'value="nurse" selected' in admin.get("/staff")


def test_the_next_rows_of_a_list_are_of_its_default(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    with clinic.uow() as uow:
        for _ in range(51):
            add_user(uow, role="nurse")
        uow.commit()
    keep(admin, "staff", "Điều dưỡng", role="nurse", is_default="1")
    onward = re.search(r'rel="next" href="([^"]+)"', admin.get("/staff"))
    assert onward is not None
    following = admin.get(f"/staff{unescape(onward[1])}")
    assert following.count('class="sk-cell-title"') == 1
    assert chips(following)["Điều dưỡng"]


def test_days_are_counted_up_to_today(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    today = local_today()
    since = today.replace(year=today.year - 1, month=12, day=31).strftime("%d/%m/%Y")
    days = str((today - today.replace(year=today.year - 1, month=12, day=31)).days + 1)
    assert kept_fields(admin.get("/audit", since=since, result="failed")) == {
        "list": "access_log",
        "result": "failed",
        "days": days,
    }
    page = admin.get(keep(admin, "access_log", "Năm nay", days=days))
    assert f'value="{since}"' in page
    past = admin.get("/audit", since=since, until=since, result="failed")
    assert kept_fields(past) == {"list": "access_log", "result": "failed"}


def test_who_is_looked_for_is_never_kept(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    patient = clinic.patient().patient
    page = admin.get("/audit", patient=str(patient.id), result="failed")
    assert kept_fields(page) == {"list": "access_log", "result": "failed"}
    sent = admin.post("/filters", list="access_log", name="Một người", patient=str(patient.id), query=patient.full_name)
    assert sent.status_code == 422, "without them nothing is chosen"
    keep(admin, "access_log", "Thất bại", result="failed", patient=str(patient.id), query=patient.full_name)
    assert only_filter(clinic).parameters == {"result": "failed"}
    assert not chips(admin.get("/audit", patient=str(patient.id), result="failed"))["Thất bại"]


def test_what_is_not_there_any_more_is_left_out_and_named(sign_in: SignIn, clinic: Clinic) -> None:
    desk = sign_in(clinic, "receptionist")
    with clinic.uow() as uow:
        another = create_department(uow=uow, actor=clinic.admin, code="NHI", name="Khoa Nhi").id
        uow.commit()
    visit = clinic.appointment(clinic.patient().patient.id)
    address = keep(desk, "appointments", "Nhi", doctor=str(clinic.doctor_id), department=str(another))
    day = f"&day={tomorrow()}"
    assert visit.patient_name not in desk.get(address + day)
    with clinic.uow() as uow:
        uow.session.execute(update(Department).where(Department.id == another).values(status="inactive"))
        uow.commit()
    page = desk.get(address + day)
    assert "bộ lọc này bỏ qua: Khoa." in page
    assert visit.patient_name in page, "the doctor still holds"
    assert "bỏ qua" not in desk.get("/today")


def test_a_name_that_is_taken_is_chosen_anew_or_replaced(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    keep(admin, "staff", "Đồng nghiệp", role="nurse")
    taken = admin.post("/filters", list="staff", name="đồng nghiệp", role="doctor")
    assert taken.status_code == 409
    assert "Thay nội dung" in taken.text
    keep(admin, "staff", "đồng nghiệp", role="doctor", replace="1")
    assert (only_filter(clinic).name, only_filter(clinic).parameters) == ("Đồng nghiệp", {"role": "doctor"})


def test_forms_that_cannot_be_kept(sign_in: SignIn, clinic: Clinic) -> None:
    desk = sign_in(clinic, "receptionist")
    nameless = desk.post("/filters", list="staff", name="  ", role="nurse")
    assert nameless.status_code == 422
    assert 'id="name-error"' in nameless.text
    assert 'name="role" value="nurse"' in nameless.text, "what was chosen is not lost"
    assert desk.post("/filters", list="staff", name="Vua", role="king").status_code == 422
    assert desk.post("/filters", list="rooms", name="x", role="nurse").status_code == 404
    assert desk.post("/filters", list="access_log", name="x", result="failed").status_code == 403
    unsigned = desk.client.post("/filters", data={"list": "staff", "name": "x", "role": "nurse"})
    assert unsigned.status_code == 400, "without the token of the form"


def test_filters_are_renamed_made_the_default_and_deleted(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    assert "Chưa có bộ lọc nào được lưu" in admin.get("/filters")
    keep(admin, "staff", "Khoa", department=str(clinic.department_id), role="doctor")
    keep(admin, "access_log", "Thất bại", result="failed", who="patient", action="reads")
    page = unescape(admin.get("/filters"))
    assert "Khoa: Khoa Nội tổng hợp · Vai trò: Bác sĩ" in page
    with clinic.uow() as uow:
        wanted = uow.session.scalars(select(SavedFilter.id).where(SavedFilter.list_name == "staff")).one()
    path = f"/filters/{wanted}"
    saved = admin.post(path, version="1", name="Bác sĩ Nội", is_default="1")
    assert saved.status_code == 303
    assert chips(admin.get("/staff"))["Bác sĩ Nội"]
    stale = admin.post(path, version="1", name="Khác")
    assert stale.status_code == 412
    assert 'value="Khác"' in stale.text
    assert admin.post(f"{path}/delete").status_code == 303
    assert "Bác sĩ Nội" not in admin.get("/filters")
    assert admin.client.get(path).status_code == 404


def test_anothers_filter_is_not_there(sign_in: SignIn, clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    owner = sign_in(clinic, "admin")
    address = keep(owner, "staff", "Của quản trị", role="nurse")
    filter_id = only_filter(clinic).id
    for stranger in (sign_in(clinic, "receptionist"), sign_in(other, "admin")):
        assert "Của quản trị" not in stranger.get("/staff") + stranger.get("/filters")
        for path in (address, f"/filters/{filter_id}"):
            assert stranger.client.get(path).status_code == 404
        assert stranger.post(f"/filters/{filter_id}", version="1", name="x").status_code == 404
        assert stranger.post(f"/filters/{filter_id}/delete").status_code == 404
    for wrong in ("x", str(uuid4())):
        assert owner.client.get("/staff", query_string={"filter": wrong}).status_code == 404
    assert owner.client.get("/today", query_string={"filter": str(filter_id)}).status_code == 404, "of another list"


def test_twenty_filters_cost_one_question(sign_in: SignIn, clinic: Clinic, count_queries: Counting) -> None:
    admin = sign_in(clinic, "admin")
    with clinic.uow() as uow:
        for list_name, (_, chosen) in LISTS.items():
            for number in range(20):
                uow.session.add(
                    SavedFilter(
                        id=UUID(int=uuid4().int),
                        user_id=clinic.admin.id,
                        list_name=list_name,
                        name=f"Số {number}",
                        parameters={**chosen, "doctor": str(clinic.doctor_id)} if "doctor" in chosen else chosen,
                        is_default=number == 0,
                    )
                )
        uow.commit()
    for path, _ in LISTS.values():
        with count_queries() as counted:
            admin.get(path)
        assert counted.total <= 12, path
        assert sum("FROM saved_filters" in each for each in counted.statements) == 1
    with count_queries() as counted:
        page = admin.get("/filters")
    assert page.count("sk-cell-title") == 120
    assert counted.total <= 5
    assert "Lưu bộ lọc này" not in admin.get("/staff", role="doctor"), "there is no room for another"
