"""Finding and showing patients, and what stands on their pages."""

import dataclasses
import re
from collections.abc import Callable

from sqlalchemy import select

from kernel.ids import new_row_id
from manage.demo.people import person
from tenant_app.audit.public import AuditLog
from tenant_app.patients.models import Patient
from tenant_app.portal.public import PortalInvite
from tests.support.clinic import Clinic
from tests.support.counting import Counting
from tests.support.staff_browser import Browser, form_of

SignIn = Callable[[Clinic, str], Browser]


def actions_of(clinic: Clinic, browser: Browser) -> list[str]:
    """What has been written down of somebody."""
    with clinic.uow() as uow:
        mine = select(AuditLog.action).where(AuditLog.user_id == browser.user_id).order_by(AuditLog.id)
        return list(uow.session.scalars(mine))


def test_patients_are_found_by_whatever_is_known(sign_in: SignIn, clinic: Clinic) -> None:
    found = clinic.patient()
    for _other in range(3):
        clinic.patient()
    patient = found.patient
    nurse = sign_in(clinic, "nurse")
    queries = (
        patient.full_name,
        patient.full_name.upper(),
        patient.patient_code,
        found.identifiers["cccd"],
        patient.phone,
        patient.date_of_birth.strftime("%d/%m/%Y"),
    )
    for query in queries:
        answer = nurse.part("/patients", query=query)
        assert answer.status_code == 200
        assert f"/patients/{patient.id}" in answer.text, query
        assert found.identifiers["cccd"] not in answer.text.replace(query or "", ""), "masked in the list"
    assert f"/patients/{patient.id}" in nurse.post("/patients", query=patient.patient_code).text, "without JavaScript"
    assert "patient.search" in actions_of(clinic, nurse)


def test_the_record_has_the_colour_of_the_portal(sign_in: SignIn, clinic: Clinic) -> None:
    page = sign_in(clinic, "nurse").get(f"/patients/{clinic.patient().patient.id}")
    assert 'data-portal="staff"' in page, "by its name the style sheet finds the accent"


def test_a_search_stands_in_no_address(sign_in: SignIn, clinic: Clinic) -> None:
    cccd = clinic.patient().identifiers["cccd"]
    nurse = sign_in(clinic, "nurse")
    assert cccd not in nurse.get("/patients", query=cccd), "an address is not searched by"
    page = nurse.post("/patients", query=cccd).text
    assert not re.search(rf'(href|action|hx-post)="[^"]*{cccd}', page)


def test_nothing_is_searched_before_there_is_something_to_search_by(sign_in: SignIn, clinic: Clinic) -> None:
    nurse = sign_in(clinic, "nurse")
    for query in ("", "l", "  "):
        assert "<table" not in nurse.part("/patients", query=query).text
    assert "patient.search" not in actions_of(clinic, nurse)
    assert nurse.post("/patients", query="?!").status_code == 200


def test_whom_one_opened_last_stands_ready_and_for_nobody_else(
    sign_in: SignIn, clinics: tuple[Clinic, Clinic], count_queries: Counting
) -> None:
    here, elsewhere = clinics
    first, second, unseen = (here.patient().patient.id for _each in range(3))
    desk, colleague, stranger = (
        sign_in(here, "receptionist"),
        sign_in(here, "receptionist"),
        sign_in(elsewhere, "receptionist"),
    )
    for opened in (first, second, first):
        desk.get(f"/patients/{opened}")
    with count_queries() as counted:
        shown = desk.get("/patients")
    assert counted.total <= 6
    assert 0 < shown.index(f"/patients/{first}") < shown.index(f"/patients/{second}"), "the last one first, and once"
    assert shown.count(f'href="/patients/{first}"') == 1
    assert f"/patients/{unseen}" not in shown
    assert f"/patients/{first}" in desk.part("/patients", query="").text, "when the search is emptied"
    assert f"/queue/new?patient={first}" in desk.get("/queue/new")
    assert f"patient={first}&amp;day=2030-01-07" in desk.get("/appointments/new?day=2030-01-07")
    for nobody in (colleague, stranger):
        assert "<table" not in nobody.get("/patients")


def test_who_is_not_found_can_be_registered_with_what_was_typed(sign_in: SignIn, clinic: Clinic) -> None:
    desk = sign_in(clinic, "receptionist")
    nobody = desk.part("/patients", query="Lan 25/12/1990").text
    assert 'name="typed" value="Lan 25/12/1990"' in nobody
    form = desk.post("/patients/new", step="carry", typed="Lan 25/12/1990").text
    assert 'value="Lan"' in form
    assert 'value="25/12/1990"' in form
    assert 'name="typed"' not in sign_in(clinic, "nurse").part("/patients", query="Lan").text


def test_numbers_are_shown_in_full_when_asked_for_and_that_is_written_down(sign_in: SignIn, clinic: Clinic) -> None:
    found = clinic.patient()
    cccd = found.identifiers["cccd"]
    shown = f"{cccd[:3]} {cccd[3:6]} {cccd[6:9]} {cccd[9:]}"
    nurse = sign_in(clinic, "nurse")
    assert shown not in nurse.get(f"/patients/{found.patient.id}")
    part = nurse.part(f"/patients/{found.patient.id}/identifiers").text
    assert shown in part
    assert "<html" not in part
    assert shown in nurse.post(f"/patients/{found.patient.id}/identifiers").text
    assert actions_of(clinic, nurse).count("patient.reveal") == 2


def test_a_code_is_shown_once_and_replaces_the_one_before(sign_in: SignIn, clinic: Clinic) -> None:
    found = clinic.patient()
    desk = sign_in(clinic, "receptionist")
    path = f"/patients/{found.patient.id}/portal-code"
    slips = [desk.post(path).text for _time in range(2)]
    codes = [re.search(r'<code id="code">([^<]+)</code>', slip) for slip in slips]
    texts = [code[1] for code in codes if code]
    assert len(set(texts)) == 2
    assert all(text.startswith(f"{clinic.hospital.tenant_code}.") for text in texts)
    assert texts[1] not in desk.get(f"/patients/{found.patient.id}")
    with clinic.uow() as uow:
        live = select(PortalInvite.id).where(
            PortalInvite.patient_id == found.patient.id, PortalInvite.replaced_at.is_(None)
        )
        assert len(uow.session.scalars(live).all()) == 1
    assert "Đã cấp mã" in desk.get(f"/patients/{found.patient.id}")


def test_without_a_cccd_there_is_no_code_and_the_page_says_why(sign_in: SignIn, clinic: Clinic) -> None:
    desk = sign_in(clinic, "receptionist")
    made = desk.post("/patients/new", **form_of(person(), cccd=""))
    page = desk.get(made.location)
    assert "/portal-code" not in page
    refused = desk.post(f"{made.location.partition('?')[0]}/portal-code")
    assert refused.status_code == 409
    assert "CCCD" in refused.text


def test_who_looked_is_for_those_who_may_know(sign_in: SignIn, clinic: Clinic) -> None:
    found = clinic.patient()
    nurse = sign_in(clinic, "nurse")
    page = nurse.get(f"/patients/{found.patient.id}")
    assert "/access" not in page
    assert nurse.client.get(f"/patients/{found.patient.id}/access").status_code == 403
    admin = sign_in(clinic, "admin")
    listed = admin.get(f"/patients/{found.patient.id}/access")
    assert "Mở hồ sơ" in listed
    assert "Đăng ký bệnh nhân" in listed


def test_a_patient_with_many_visits_asks_no_more(sign_in: SignIn, clinic: Clinic, count_queries: Counting) -> None:
    found = clinic.patient()
    admin = sign_in(clinic, "admin")
    path = f"/patients/{found.patient.id}"
    admin.get(path)
    with count_queries() as without:
        admin.get(path)
    for hour in range(7, 17):
        clinic.appointment(found.patient.id, start=f"{hour:02}:00", end=f"{hour:02}:30")
    with count_queries() as full:
        page = admin.get(path)
    assert page.count('class="st-visit"') == 10
    assert full.total == without.total
    assert full.total <= 10


def test_a_long_list_asks_no_more_and_goes_on(sign_in: SignIn, clinic: Clinic, count_queries: Counting) -> None:
    for _patient in range(26):
        clinic.patient(dataclasses.replace(person(), full_name="Đặng Thị Mai"))
    nurse = sign_in(clinic, "nurse")
    with count_queries() as counted:
        page = nurse.post("/patients", query="dang").text
    assert counted.total <= 5
    assert page.count("sk-cell-title") == 25
    cursor = re.search(r'name="cursor" value="([^"]+)"', page)
    assert cursor is not None
    assert nurse.post("/patients", query="dang", cursor=cursor[1]).text.count("sk-cell-title") == 1


def test_roles_do_no_more_than_they_may(sign_in: SignIn, clinic: Clinic) -> None:
    found = clinic.patient()
    cashier = sign_in(clinic, "cashier")
    page = cashier.get(f"/patients/{found.patient.id}")
    assert "/edit" not in page
    assert "/portal-code" not in page
    assert cashier.client.get("/patients/new").status_code == 403
    for path in ("new", "new/cccd", f"{found.patient.id}/edit", f"{found.patient.id}/portal-code"):
        assert cashier.post(f"/patients/{path}").status_code == 403


def test_a_form_without_its_token_changes_nothing(sign_in: SignIn, clinic: Clinic) -> None:
    desk = sign_in(clinic, "receptionist")
    somebody = person()
    answer = desk.client.post("/patients/new", data=form_of(somebody))
    assert answer.status_code == 400
    assert "<table" not in desk.part("/patients", query=somebody.cccd).text


def test_numbers_are_added_and_ended_on_their_page_masked(sign_in: SignIn, clinic: Clinic) -> None:
    found = clinic.patient()
    here = f"/patients/{found.patient.id}/numbers"
    desk = sign_in(clinic, "receptionist")
    assert desk.post(here, system="bhyt", value="DN 4 01 0123456789").status_code == 303
    page = desk.get(here)
    assert "DN4010123456789" not in page
    assert found.identifiers["cccd"] not in page
    assert "80 %" in page
    ending = re.findall(r'action="([^"]+/end)"', page)[0]
    assert desk.post(ending, reason="mistaken").status_code == 303
    assert "Là nhập nhầm" in desk.get(here)
    assert desk.post(ending, reason="ended").status_code == 303, "a second time says so, and changes nothing"
    assert desk.post(here, system="bhyt", value="1").status_code == 422
    assert desk.post(here, value="").status_code == 422
    taken = desk.post(
        f"/patients/{clinic.patient().patient.id}/numbers", system="cccd", value=found.identifiers["cccd"]
    )
    assert taken.status_code in {409, 422}
    doctor = sign_in(clinic, "doctor")
    assert 'name="value"' not in doctor.get(here)
    assert doctor.post(here, system="bhyt", value="0123456789").status_code == 403


def test_an_allergy_is_not_to_be_missed_and_none_known_is_said(sign_in: SignIn, clinic: Clinic) -> None:
    patient = clinic.patient().patient.id
    record, here = f"/patients/{patient}", f"/patients/{patient}/allergies"
    doctor = sign_in(clinic, "doctor")
    assert "chưa hỏi" in doctor.get(record)
    assert doctor.post(f"{here}/none-known").status_code == 303
    assert "Không có dị ứng nào được biết" in doctor.get(record)
    assert doctor.post(here, substance="", severity="severe").status_code == 422
    assert doctor.post(here, substance="Penicillin", severity="severe", reaction="sốc phản vệ").status_code == 303
    assert "Penicillin (nặng: sốc phản vệ)" in doctor.get(record)
    assert doctor.post(f"{here}/none-known").status_code == 303, "refused with a message, not with an error page"
    ending = re.findall(r'action="([^"]+/end)"', doctor.get(here))[0]
    assert doctor.post(ending, reason="ended").status_code == 303
    assert "sốc phản vệ" not in doctor.get(record)
    assert 'name="substance"' not in sign_in(clinic, "cashier").get(here)


def test_a_form_sets_nothing_that_it_does_not_show(sign_in: SignIn, clinic: Clinic) -> None:
    """Fields that somebody adds to a form have no effect on the record."""
    foreign = {
        "id": str(new_row_id()),
        "tenant_id": str(new_row_id()),
        "status": "deceased",
        "patient_code": "BN-999999",
        "patient_global_id": str(new_row_id()),
        "global_id_state": "settled",
        "created_by": str(new_row_id()),
    }
    admin = sign_in(clinic, "admin")
    registered = admin.post("/patients/new", **form_of(person()), version="999", **foreign)
    assert registered.status_code == 303, registered.text
    patient_id = registered.location.split("/patients/")[1].split("?")[0]
    changed = admin.post(
        f"/patients/{patient_id}/edit",
        **{**form_of(person()), "cccd": ""},
        confirm_mismatch="1",
        version="1",
        **foreign,
    )
    assert changed.status_code == 303, changed.text
    for page, fields in (("numbers", {"system": "cmnd", "value": "123456789"}), ("allergies", {"substance": "tôm"})):
        answer = admin.post(f"/patients/{patient_id}/{page}", severity="mild", **fields, **foreign)
        assert answer.status_code == 303, answer.text
    with clinic.uow() as uow:
        patient = uow.session.scalars(select(Patient)).one()
    assert (patient.status, patient.global_id_state, patient.version) == ("active", "provisional", 4)
    assert str(patient.id) == patient_id
    assert patient.created_by == admin.user_id
    assert not {patient.patient_code, str(patient.patient_global_id)} & set(foreign.values())
