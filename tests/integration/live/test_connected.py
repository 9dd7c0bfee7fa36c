"""Who is connected now: the administrator's page and API, and signing somebody out from afar."""

from collections.abc import Callable
from uuid import uuid4

from sqlalchemy import delete, select

from tenant_app.audit.models import AuditLog
from tenant_app.live.public import connected_people
from tenant_app.staff.models import Role, StaffSession, User, UserRole
from tests.support.clinic import Clinic
from tests.support.counting import Counting
from tests.support.live import OpenWindow, SignIn
from tests.support.staff_browser import Browser
from tests.support.waiting import wait_until


def name_of(clinic: Clinic, browser: Browser) -> str:
    with clinic.uow() as uow:
        return uow.session.scalars(select(User.full_name).where(User.id == browser.user_id)).one()


def session_of(clinic: Clinic, browser: Browser) -> str:
    with clinic.uow() as uow:
        return str(uow.session.scalars(select(StaffSession.id).where(StaffSession.account_id == browser.user_id)).one())


def are_listed(clinic: Clinic, count: int) -> Callable[[], bool]:
    def listed() -> bool:
        with clinic.uow() as uow:
            return len(connected_people(uow=uow).items) == count

    return listed


def test_an_administrator_sees_who_is_connected_and_signs_somebody_out(
    window: OpenWindow, sign_in: SignIn, clinics: tuple[Clinic, Clinic], count_queries: Counting
) -> None:
    ours, theirs = clinics
    nurse, boss, stranger = sign_in(ours, "nurse"), sign_in(ours, "admin"), sign_in(theirs, "admin")
    nurses = [window(nurse), window(nurse)]
    window(boss)
    wait_until(are_listed(ours, 2), what="the rows")
    with count_queries() as counted:
        shown = boss.get("/staff/connected")
    assert counted.total <= 12, counted.statements
    assert name_of(ours, nurse) in shown
    assert f"/staff/connected/{session_of(ours, boss)}/sign-out" not in shown, "one's own is ended by signing out"
    assert name_of(ours, nurse) not in stranger.get("/staff/connected")
    session = session_of(ours, nurse)
    assert stranger.post(f"/staff/connected/{session}/sign-out").status_code == 404
    assert nurse.client.get("/staff/connected").status_code == 403
    assert not nurses[0].ended
    assert boss.post(f"/staff/connected/{session}/sign-out").status_code == 303
    wait_until(lambda: all(each.ended for each in nurses), seconds=5, what="the end of both windows")
    assert "/sign-in" in nurse.client.get("/today").location
    assert boss.post(f"/staff/connected/{session}/sign-out").status_code == 404, "it has ended"
    with ours.uow() as uow:
        rows = uow.session.execute(
            select(AuditLog.user_id, AuditLog.resource_id).where(AuditLog.action == "staff.sign_out")
        ).all()
    assert [(row.user_id, row.resource_id) for row in rows] == [(boss.user_id, str(nurse.user_id))]


def test_nobody_signs_out_who_may_more_than_oneself(window: OpenWindow, sign_in: SignIn, clinic: Clinic) -> None:
    boss, clerk = sign_in(clinic, "admin"), sign_in(clinic, "receptionist")
    with clinic.uow() as uow:
        role = Role(name="Quản lý nhân viên", permissions=["staff.read", "staff.manage"])
        uow.session.add(role)
        uow.flush()
        uow.session.execute(delete(UserRole).where(UserRole.user_id == clerk.user_id))
        uow.session.add(UserRole(user_id=clerk.user_id, role_id=role.id))
        uow.commit()
    assert clerk.post(f"/staff/connected/{session_of(clinic, boss)}/sign-out").status_code == 403
    assert clerk.post(f"/staff/connected/{uuid4()}/sign-out").status_code == 404
    assert boss.get("/today")


def test_the_api_lists_page_by_page(window: OpenWindow, sign_in: SignIn, clinic: Clinic) -> None:
    boss = sign_in(clinic, "admin")
    others = [sign_in(clinic, role) for role in ("nurse", "doctor", "cashier")]
    for each in others:
        window(each)
    wait_until(are_listed(clinic, 3), what="the rows")
    with clinic.uow() as uow:
        username = uow.session.get_one(User, boss.user_id).username
    who = {"tenant": clinic.hospital.tenant_code, "username": username, "password": "một mật khẩu thật dài"}
    token = boss.client.post("/api/v1/auth/login", json=who).get_json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    first = boss.client.get("/api/v1/connections?limit=2", headers=bearer).get_json()
    rest = boss.client.get(f"/api/v1/connections?limit=2&cursor={first['next_cursor']}", headers=bearer).get_json()
    found = [*first["items"], *rest["items"]]
    assert {each["user_id"] for each in found} == {str(each.user_id) for each in others}
    assert rest["next_cursor"] is None
    assert all(each["windows"] == 1 for each in found)
    ended = boss.client.post(f"/api/v1/connections/{found[0]['session_id']}/sign-out", headers=bearer)
    assert ended.status_code == 204
    assert boss.client.post(f"/api/v1/connections/{uuid4()}/sign-out", headers=bearer).status_code == 404
