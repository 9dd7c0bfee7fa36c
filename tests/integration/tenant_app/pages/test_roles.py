"""The pages of roles: the list, the form with all permissions in words, and what holds at the next click."""

import re
from collections.abc import Callable

from kernel.ids import new_row_id
from tenant_app.staff.permissions import PERMISSIONS
from tenant_app.staff.public import list_roles
from tests.support.clinic import Clinic
from tests.support.counting import Counting
from tests.support.staff_browser import Browser, sent_as_shown

SignIn = Callable[[Clinic, str], Browser]


def address(clinic: Clinic, name: str) -> str:
    with clinic.uow() as uow:
        return next(f"/roles/{row.id}" for row in list_roles(uow=uow) if row.name == name)


def checked(page: str) -> set[str]:
    return set(re.findall(r'name="permissions" value="([a-z._]+)" checked', page))


def test_what_a_role_permits_is_changed_and_holds_at_the_next_click(
    sign_in: SignIn, clinic: Clinic, count_queries: Counting
) -> None:
    admin, desk = sign_in(clinic, "admin"), sign_in(clinic, "receptionist")
    role = address(clinic, "receptionist")
    with count_queries() as counted:
        assert role in admin.get("/roles")
    assert counted.total <= 6
    with count_queries() as counted:
        page = admin.get(role)
    assert counted.total <= 6
    assert set(re.findall(r'name="permissions" value="([^"]+)"', page)) == set(PERMISSIONS)
    desk.get("/patients/new")
    kept = checked(page) - {"patient.register"}
    saved = admin.post(role, **{**sent_as_shown(page), "permissions": sorted(kept)})
    assert saved.status_code == 303
    assert checked(admin.get(role)) == kept
    assert desk.client.get("/patients/new").status_code == 403
    stale = admin.post(role, **{**sent_as_shown(page), "permissions": []})
    assert stale.status_code == 412
    assert checked(stale.text) == set(), "what was chosen stays"
    assert "Permitted there" in stale.text or "Đang được phép" in stale.text
    assert checked(admin.get(role)) == kept


def test_the_administrators_form_keeps_what_mends(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    role = address(clinic, "admin")
    version = sent_as_shown(admin.get(role))["version"]
    assert admin.post(role, version=version, description="").status_code == 303
    assert checked(admin.get(role)) == {"staff.read", "staff.invite", "staff.manage", "role.manage"}


def test_a_role_of_their_own_from_making_to_deleting(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    for name, status in (("", 422), ("nurse", 409)):
        refused = admin.post("/roles/new", name=name, permissions=["patient.read"])
        assert refused.status_code == status
        assert 'id="name-error"' in refused.text
        assert checked(refused.text) == {"patient.read"}
    made = admin.post("/roles/new", name="Điều dưỡng trưởng", description="Phân ca", permissions=["audit.read"])
    assert made.status_code == 303
    role = address(clinic, "Điều dưỡng trưởng")
    nurse = sign_in(clinic, "nurse")
    form = sent_as_shown(admin.get(f"/staff/{nurse.user_id}/edit"))
    given = admin.post(f"/staff/{nurse.user_id}/edit", **{**form, "role_ids": [role.rpartition("/")[2]]})
    assert given.status_code == 303
    assert "Điều dưỡng trưởng" in nurse.get(f"/staff/{nurse.user_id}")
    assert f"/staff/{nurse.user_id}" in admin.get(role)
    assert admin.post(f"{role}/delete").status_code == 409
    version = sent_as_shown(admin.get(f"/staff/{nurse.user_id}/edit"))["version"]
    assert admin.post(f"/staff/{nurse.user_id}/edit", **{**form, "version": version, "role_ids": []}).status_code == 303
    assert f"{role}/delete" in admin.get(role)
    assert admin.post(f"{role}/delete").status_code == 303
    assert admin.client.get(role).status_code == 404
    assert admin.post(f"{address(clinic, 'nurse')}/delete").status_code == 409


def test_only_administrators_of_this_hospital_see_its_roles(sign_in: SignIn, clinics: tuple[Clinic, Clinic]) -> None:
    ours, theirs = clinics
    assert sign_in(ours, "nurse").client.get("/roles").status_code == 403
    admin = sign_in(ours, "admin")
    for role in (address(theirs, "nurse"), f"/roles/{new_row_id()}", "/roles/nonsense"):
        assert admin.client.get(role).status_code == 404
        assert admin.post(role).status_code == 404
        assert admin.post(f"{role}/delete").status_code == 404
