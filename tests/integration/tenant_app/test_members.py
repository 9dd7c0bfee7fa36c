"""Changing members of staff, closing accounts, and what holds when two administrators act at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from central.auth.public import InvalidSecret, IssuedInvite, SigningIn, Visitor, parse_secret
from kernel.clock import utc_now
from kernel.errors import InvalidFields, NotFound, PreconditionFailed
from kernel.ids import new_row_id
from kernel.passwords import Passwords
from kernel.web.actor import Actor
from tenant_app.audit.models import AuditLog
from tenant_app.auth.models import PasswordHistory, StaffSignInFailure
from tenant_app.staff.errors import (
    AboutOneself,
    BeyondOwnRights,
    EmailTaken,
    LastAdministrator,
    NotJoined,
)
from tenant_app.staff.members import change_member, deactivate, invite_to_new_password, reactivate
from tenant_app.staff.models import Role, StaffInvite, StaffSession, User
from tenant_app.staff.permissions import ROLE_PERMISSIONS
from tenant_app.staff.queries import permissions_of, roles_of, staff_member
from tenant_app.staff.service import NewUser, create_user, invite_again
from tests.support.clinic import Clinic, add_user

FIRST = "một mật khẩu thật dài"
SECOND = "mật khẩu khác cũng dài"


def change(
    clinic: Clinic, user_id: UUID, *, actor: Actor | None = None, version: int | None = None, **what: Any
) -> None:
    """One change in a transaction of its own, from the version that is there."""
    with clinic.uow() as uow:
        seen = staff_member(uow=uow, user_id=user_id).version if version is None else version
        change_member(
            uow=uow,
            actor=actor or clinic.admin,
            user_id=user_id,
            version=seen,
            role=what.pop("role", None),
            further_role_ids=what.pop("further", None),
            details=what,
        )
        uow.commit()


def role_id(clinic: Clinic, name: str) -> UUID:
    with clinic.uow() as uow:
        return uow.session.scalars(select(Role.id).where(Role.name == name)).one()


def accounts() -> SigningIn:
    return SigningIn(
        account_table=User,
        invite_table=StaffInvite,
        failure_table=StaffSignInFailure,
        history_table=PasswordHistory,
        passwords=Passwords(memory_kib=64, passes=1, lanes=1),
    )


def manager(clinic: Clinic) -> Actor:
    """Somebody who manages staff, and does not change roles."""
    nurse = clinic.actor("nurse")
    return Actor(
        kind="staff",
        id=nurse.id,
        session_id=nurse.session_id,
        name=nurse.name,
        role="nurse",
        permissions=nurse.permissions | {"staff.manage", "staff.invite"},
        tenant=nurse.tenant,
    )


def test_details_and_roles_are_changed_and_written_down(clinic: Clinic) -> None:
    nurse = clinic.actor("nurse").id
    change(
        clinic,
        nurse,
        full_name=" Lê  Thị Hoa ",
        phone="0912 345 678",
        email="Hoa.Le@hongha.example",
        department_id=None,
        role="receptionist",
        further=[role_id(clinic, "cashier")],
    )
    with clinic.uow() as uow:
        found = staff_member(uow=uow, user_id=nurse)
        assert (found.full_name, found.phone, found.email) == ("Lê Thị Hoa", "0912345678", "hoa.le@hongha.example")
        assert (found.role, found.department_id, found.version) == ("receptionist", None, 2)
        assert [each.name for each in roles_of(uow=uow, user_id=nurse)] == ["cashier", "receptionist"]
        wanted = ROLE_PERMISSIONS["receptionist"] | ROLE_PERMISSIONS["cashier"]
        assert permissions_of(uow=uow, user_id=nurse) == wanted
        row = uow.session.scalars(select(AuditLog).where(AuditLog.action == "staff.change")).one()
        assert (row.user_id, row.resource_id) == (clinic.admin.id, str(nurse))
        assert row.changed == ["department_id", "email", "full_name", "phone", "role", "roles"]
        assert row.old_values == {"department_id": str(clinic.department_id), "role": "nurse", "roles": ["nurse"]}
        assert row.new_values == {"department_id": None, "role": "receptionist", "roles": ["cashier", "receptionist"]}


def test_the_main_role_changes_and_those_beside_it_stay(clinic: Clinic) -> None:
    nurse = clinic.actor("nurse").id
    change(clinic, nurse, further=[role_id(clinic, "cashier")])
    change(clinic, nurse, role="doctor")
    with clinic.uow() as uow:
        assert [each.name for each in roles_of(uow=uow, user_id=nurse)] == ["cashier", "doctor"]
    change(clinic, nurse, further=[])
    with clinic.uow() as uow:
        assert [each.name for each in roles_of(uow=uow, user_id=nurse)] == ["doctor"]


def test_nothing_changed_is_nothing_written(clinic: Clinic) -> None:
    nurse = clinic.actor("nurse").id
    change(clinic, nurse, role="nurse", further=[], department_id=clinic.department_id)
    with clinic.uow() as uow:
        assert staff_member(uow=uow, user_id=nurse).version == 1
        assert uow.session.scalars(select(AuditLog).where(AuditLog.resource_id == str(nurse))).all() == []


@pytest.mark.parametrize(
    ("what", "fields"),
    [
        ({"full_name": "42", "email": "x", "phone": "1"}, {"full_name", "email", "phone"}),
        ({"email": ""}, {"email"}),
        ({"department_id": new_row_id()}, {"department_id"}),
        ({"role": "owner"}, {"role"}),
        ({"further": [new_row_id()]}, {"role_ids"}),
    ],
)
def test_what_cannot_be_is_named(clinic: Clinic, what: dict[str, Any], fields: set[str]) -> None:
    nurse = clinic.actor("nurse").id
    with pytest.raises(InvalidFields) as refusal:
        change(clinic, nurse, **what)
    assert set(refusal.value.errors) == fields


def test_an_old_version_an_address_in_use_and_another_hospitals_people(clinics: tuple[Clinic, Clinic]) -> None:
    ours, theirs = clinics
    nurse, colleague = ours.actor("nurse").id, ours.actor("nurse").id
    change(ours, nurse, full_name="Lê Thị Hoa")
    with pytest.raises(PreconditionFailed):
        change(ours, nurse, version=1, full_name="Lê Thị Hồng")
    with ours.uow() as uow:
        taken = staff_member(uow=uow, user_id=nurse).email
    with pytest.raises(EmailTaken):
        change(ours, colleague, email=taken.upper())
    with pytest.raises(NotFound):
        change(theirs, nurse, version=2, full_name="Kẻ Lạ")
    for act in (deactivate, reactivate):
        with theirs.uow() as uow, pytest.raises(NotFound):
            act(uow=uow, actor=theirs.admin, user_id=nurse)
    with theirs.uow() as uow, pytest.raises(NotFound):
        invite_to_new_password(uow=uow, actor=theirs.admin, user_id=nurse, tag="x")


def test_nobody_changes_their_own_rights(clinic: Clinic) -> None:
    change(clinic, clinic.admin.id, full_name="Trần Thị Quản Trị")
    for what in ({"role": "nurse"}, {"further": [role_id(clinic, "doctor")]}):
        with pytest.raises(AboutOneself):
            change(clinic, clinic.admin.id, **what)
    with clinic.uow() as uow, pytest.raises(AboutOneself):
        deactivate(uow=uow, actor=clinic.admin, user_id=clinic.admin.id)
    with clinic.uow() as uow, pytest.raises(AboutOneself):
        invite_to_new_password(uow=uow, actor=clinic.admin, user_id=clinic.admin.id, tag="x")


def test_who_may_less_does_not_reach_who_may_more(clinic: Clinic) -> None:
    """Or a new invite for an administrator would make an administrator of whoever may invite."""
    lesser, nurse = manager(clinic), clinic.actor("nurse").id
    change(clinic, nurse, actor=lesser, full_name="Lê Thị Hoa")
    with pytest.raises(BeyondOwnRights):
        change(clinic, nurse, actor=lesser, role="admin")
    with pytest.raises(BeyondOwnRights):
        change(clinic, nurse, actor=lesser, further=[role_id(clinic, "doctor")])
    with pytest.raises(BeyondOwnRights):
        change(clinic, clinic.admin.id, actor=lesser, full_name="Trần Thị Quản Trị")
    with clinic.uow() as uow:
        invited = add_user(uow, role="admin", status="invited")
        uow.commit()
    new = NewUser(username="moi", email="moi@x.example", full_name="Lê Mới", role="admin")
    attempts: tuple[Callable[..., Any], ...] = (
        lambda uow: deactivate(uow=uow, actor=lesser, user_id=clinic.admin.id),
        lambda uow: invite_to_new_password(uow=uow, actor=lesser, user_id=clinic.admin.id, tag="x"),
        lambda uow: invite_again(uow=uow, actor=lesser, user_id=invited, tag="x"),
        lambda uow: create_user(uow=uow, actor=lesser, new=new, tag="x"),
    )
    for attempt in attempts:
        with clinic.uow() as uow, pytest.raises(BeyondOwnRights):
            attempt(uow)


def test_the_last_administrator_stays(clinic: Clinic) -> None:
    second = clinic.actor("admin")
    with clinic.uow() as uow:
        add_user(uow, role="admin", status="invited")
        deactivate(uow=uow, actor=clinic.admin, user_id=second.id)
        uow.commit()
    with clinic.uow() as uow, pytest.raises(LastAdministrator):
        deactivate(uow=uow, actor=second, user_id=clinic.admin.id)
    with pytest.raises(LastAdministrator):
        change(clinic, clinic.admin.id, actor=second, role="nurse")


@pytest.mark.parametrize("how", ["role", "account"])
def test_two_administrators_at_once_leave_one(clinic: Clinic, how: str) -> None:
    one, other = clinic.admin, clinic.actor("admin")
    together = Barrier(2)

    def strike(actor: Actor, victim: UUID) -> bool:
        together.wait(timeout=30)
        try:
            if how == "role":
                change(clinic, victim, actor=actor, role="nurse")
            else:
                with clinic.uow() as uow:
                    deactivate(uow=uow, actor=actor, user_id=victim)
                    uow.commit()
        except LastAdministrator:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(strike, (one, other), (other.id, one.id)))
    assert sorted(done) == [False, True]
    with clinic.uow() as uow:
        left = [staff_member(uow=uow, user_id=each.id) for each in (one, other)]
    assert [each.role == "admin" and each.status == "active" for each in left].count(True) == 1


def test_a_closed_account_lets_nobody_in_until_it_is_opened(clinic: Clinic) -> None:
    user_id, invite = invited(clinic)
    join(clinic, invite, FIRST)
    begin_session(clinic, user_id)
    with clinic.uow() as uow:
        lost = invite_to_new_password(uow=uow, actor=clinic.admin, user_id=user_id, tag="x")
        deactivate(uow=uow, actor=clinic.admin, user_id=user_id)
        uow.commit()
    with clinic.uow() as uow:
        assert staff_member(uow=uow, user_id=user_id).status == "inactive"
        assert living(clinic, user_id) == 0
        with pytest.raises(NotJoined):
            invite_to_new_password(uow=uow, actor=clinic.admin, user_id=user_id, tag="x")
        uow.session.rollback()
        row = uow.session.scalars(select(AuditLog).where(AuditLog.action == "staff.deactivate")).one()
        assert (row.old_values, row.new_values) == ({"status": "active"}, {"status": "inactive"})
        reactivate(uow=uow, actor=clinic.admin, user_id=user_id)
        uow.commit()
        assert staff_member(uow=uow, user_id=user_id).status == "active"
    with pytest.raises(InvalidSecret):
        join(clinic, lost, SECOND)
    assert sign_in(clinic, FIRST)


def test_who_never_joined_is_invited_again_after_reopening(clinic: Clinic) -> None:
    user_id, invite = invited(clinic)
    for act in (deactivate, reactivate):
        with clinic.uow() as uow:
            act(uow=uow, actor=clinic.admin, user_id=user_id)
            uow.commit()
    with clinic.uow() as uow:
        assert staff_member(uow=uow, user_id=user_id).status == "invited"
        with pytest.raises(NotJoined):
            invite_to_new_password(uow=uow, actor=clinic.admin, user_id=user_id, tag="x")
    with pytest.raises(InvalidSecret):
        join(clinic, invite, FIRST)


def test_a_new_password_in_place_of_a_forgotten_one(clinic: Clinic) -> None:
    user_id, invite = invited(clinic)
    join(clinic, invite, FIRST)
    begin_session(clinic, user_id)
    with clinic.uow() as uow:
        again = invite_to_new_password(uow=uow, actor=clinic.admin, user_id=user_id, tag="x")
        uow.commit()
    assert living(clinic, user_id) == 0
    assert sign_in(clinic, FIRST)
    join(clinic, again, SECOND)
    assert sign_in(clinic, SECOND)
    assert not sign_in(clinic, FIRST)


def invited(clinic: Clinic) -> tuple[UUID, IssuedInvite]:
    """Somebody with an invite in their hand."""
    new = NewUser(username="hoa.le", email="hoa.le@hongha.example", full_name="Lê Thị Hoa", role="nurse")
    with clinic.uow() as uow:
        user, invite = create_user(uow=uow, actor=clinic.admin, new=new, tag=clinic.hospital.tenant_code)
        uow.commit()
        return user.id, invite


def join(clinic: Clinic, invite: IssuedInvite, password: str) -> None:
    with clinic.uow() as uow:
        accounts().accept(uow=uow, secret=parse_secret(invite.secret.text), password=password)
        uow.commit()


def sign_in(clinic: Clinic, password: str) -> bool:
    visitor = Visitor(ip_address="203.0.113.7", user_agent=None)
    with clinic.uow() as uow:
        try:
            accounts().check(uow=uow, username="hoa.le", password=password, visitor=visitor)
        except Exception:  # noqa: BLE001 - whatever the refusal is called.
            return False
        uow.commit()
    return True


def begin_session(clinic: Clinic, user_id: UUID) -> None:
    with clinic.uow() as uow:
        now = utc_now()
        uow.session.add(StaffSession(account_id=user_id, last_seen_at=now, expires_at=now))
        uow.commit()


def living(clinic: Clinic, user_id: UUID) -> int:
    with clinic.uow() as uow:
        mine = select(StaffSession).where(StaffSession.account_id == user_id, StaffSession.ended_at.is_(None))
        return len(uow.session.scalars(mine).all())
