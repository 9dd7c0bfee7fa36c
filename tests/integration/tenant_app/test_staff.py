"""Inviting staff and making departments."""

import pytest
from sqlalchemy import select

from kernel.errors import InvalidFields, NotFound
from kernel.ids import new_row_id
from tenant_app.audit.models import AuditLog
from tenant_app.staff.errors import AlreadyJoined, DepartmentCodeTaken, EmailTaken, UsernameTaken
from tenant_app.staff.models import StaffInvite
from tenant_app.staff.permissions import ROLE_PERMISSIONS
from tenant_app.staff.public import (
    NewUser,
    create_department,
    create_user,
    invite_again,
    list_departments,
    list_staff,
    permissions_of,
    staff_member,
)
from tests.support.clinic import Clinic


def _somebody(name: str = "bs.hoa", role: str = "doctor") -> NewUser:
    return NewUser(username=name, email=f"{name}@benhvien.example", full_name="Đặng Thị Hoa", role=role)


def test_an_invited_doctor(clinics: tuple[Clinic, Clinic]) -> None:
    """State, role's permissions, hashed invite, audit row; the other hospital may have a namesake."""
    for clinic in clinics:
        with clinic.uow() as uow:
            user, invite = create_user(
                uow=uow, actor=clinic.admin, new=_somebody("BS.Hoa"), tag=clinic.hospital.tenant_code
            )
            uow.commit()
        with clinic.uow() as uow:
            found = staff_member(uow=uow, user_id=user.id)
            assert (found.username, found.status, found.email) == ("bs.hoa", "invited", "bs.hoa@benhvien.example")
            assert permissions_of(uow=uow, user_id=user.id) == ROLE_PERMISSIONS["doctor"]
            stored = uow.session.scalars(select(StaffInvite).where(StaffInvite.account_id == user.id)).one()
            assert stored.token_hash == invite.secret.digest
            assert uow.session.scalars(select(AuditLog.action)).all() == ["staff.invite"]
    with clinics[1].uow() as uow, pytest.raises(NotFound):
        staff_member(uow=uow, user_id=clinics[0].admin.id)


def test_names_and_addresses_are_given_once(clinic: Clinic) -> None:
    """Whatever their case."""
    with clinic.uow() as uow:
        create_user(uow=uow, actor=clinic.admin, new=_somebody(), tag="x")
        uow.commit()
    other_name = NewUser(username="bs.hoa2", email="BS.HOA@benhvien.example", full_name="Đặng Thị Hoa", role="doctor")
    for new, error in ((_somebody("BS.HOA"), UsernameTaken), (other_name, EmailTaken)):
        with clinic.uow() as uow, pytest.raises(error):
            create_user(uow=uow, actor=clinic.admin, new=new, tag="x")


@pytest.mark.parametrize(
    ("new", "field"),
    [
        (_somebody("a b"), "username"),
        (NewUser(username="abc", email="không phải", full_name="Lê An", role="nurse"), "email"),
        (NewUser(username="abc", email="a@b.example", full_name="42", role="nurse"), "full_name"),
        (_somebody(role="owner"), "role"),
        (
            NewUser(username="abc", email="a@b.example", full_name="Lê An", role="nurse", department_id=new_row_id()),
            "department_id",
        ),
    ],
)
def test_each_wrong_field_is_named(clinic: Clinic, new: NewUser, field: str) -> None:
    """And nothing is made."""
    with clinic.uow() as uow, pytest.raises(InvalidFields) as refusal:
        create_user(uow=uow, actor=clinic.admin, new=new, tag="x")
    assert set(refusal.value.errors) == {field}


def test_a_lost_invite_is_replaced(clinic: Clinic) -> None:
    """The one before opens nothing more; who has joined needs none."""
    with clinic.uow() as uow:
        user, first = create_user(uow=uow, actor=clinic.admin, new=_somebody(), tag="x")
        second = invite_again(uow=uow, actor=clinic.admin, user_id=user.id, tag="x")
        uow.session.expire_all()
        used = {row.token_hash: row.used_at for row in uow.session.scalars(select(StaffInvite))}
        assert used[first.secret.digest] is not None
        assert used[second.secret.digest] is None
        with pytest.raises(AlreadyJoined):
            invite_again(uow=uow, actor=clinic.admin, user_id=clinic.admin.id, tag="x")
        with pytest.raises(NotFound):
            invite_again(uow=uow, actor=clinic.admin, user_id=new_row_id(), tag="x")


def test_departments(clinic: Clinic) -> None:
    """By code; a code is given once."""
    with clinic.uow() as uow:
        create_department(uow=uow, actor=clinic.admin, code="nhi", name=" Khoa   Nhi ")
        uow.commit()
        assert [(row.code, row.name) for row in list_departments(uow=uow).items] == [
            ("NHI", "Khoa Nhi"),
            ("NOI", "Khoa Nội tổng hợp"),
        ]
    with clinic.uow() as uow, pytest.raises(DepartmentCodeTaken):
        create_department(uow=uow, actor=clinic.admin, code="NHI", name="Khoa Nhi khác")


def test_staff_in_pages(clinic: Clinic) -> None:
    """Each once, filtered by role."""
    for _ in range(5):
        clinic.actor("nurse")
    with clinic.uow() as uow:
        first = list_staff(uow=uow, role="nurse", limit=3)
        rest = list_staff(uow=uow, role="nurse", limit=3, cursor=first.next_cursor)
    assert len({row.id for row in (*first.items, *rest.items)}) == 5
    assert rest.next_cursor is None
