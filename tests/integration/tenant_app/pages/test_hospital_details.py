"""The hospital's details by the page."""

from collections.abc import Callable

from tenant_app.hospital.public import change_details, hospital_info
from tests.support.clinic import Clinic
from tests.support.counting import Counting
from tests.support.staff_browser import Browser, sent_as_shown

SignIn = Callable[[Clinic, str], Browser]
PATH = "/hospital/details"


def test_the_administrator_changes_them_and_everybody_sees_them(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    form = sent_as_shown(admin.get(PATH))
    saved = admin.post(PATH, **{**form, "phone": "1900 1234", "website": "benhvien.vn"})
    assert (saved.status_code, saved.location) == (303, "/hospital")
    nurse = sign_in(clinic, "nurse")
    page = nurse.get("/hospital")
    assert "19001234" in page
    assert "https://benhvien.vn" in page
    assert PATH not in page
    assert nurse.client.get(PATH).status_code == 403
    assert nurse.post(PATH, **form).status_code == 403


def test_what_is_wrong_is_named_and_what_was_typed_stays(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    form = sent_as_shown(admin.get(PATH))
    answer = admin.post(PATH, **{**form, "tax_code": "12", "address": "128 phố Bạch Mai"})
    assert answer.status_code == 422
    assert 'href="#tax_code"' in answer.text
    assert "128 phố Bạch Mai" in answer.text


def test_who_was_slower_loses_nothing_and_sees_the_other_version(
    sign_in: SignIn, clinic: Clinic, count_queries: Counting
) -> None:
    admin = sign_in(clinic, "admin")
    form = sent_as_shown(admin.get(PATH))
    with clinic.uow() as uow:
        seen = hospital_info(uow=uow).version
        change_details(uow=uow, actor=clinic.admin, version=seen, details={"phone": "19001111"})
        uow.commit()
    late = admin.post(PATH, **{**form, "phone": "19002222"})
    assert late.status_code == 412
    assert "19001111" in late.text
    assert 'value="19002222"' in late.text
    with count_queries() as counted:
        admin.get(PATH)
    assert counted.total <= 12
    assert admin.post(PATH, **sent_as_shown(late.text)).status_code == 303
