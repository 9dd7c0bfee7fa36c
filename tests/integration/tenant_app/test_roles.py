"""Roles: what they permit is changed, made and deleted, and holds at the next request."""

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select

from kernel.errors import InvalidFields, NotFound, PreconditionFailed
from tenant_app.audit.models import AuditLog
from tenant_app.staff.errors import AboutOneself, BeyondOwnRights, BuiltInRole, RoleInUse, RoleNameTaken
from tenant_app.staff.members import change_member, deactivate
from tenant_app.staff.permissions import ADMIN_KEEPS, PERMISSIONS, ROLE_PERMISSIONS, ROLE_REACH
from tenant_app.staff.queries import permissions_of
from tenant_app.staff.roles import change_role, create_role, delete_role, holders, list_roles, role
from tenant_app.staff.service import create_department
from tests.support.clinic import Clinic, add_user, staff_actor


def own_role(clinic: Clinic, name: str = "Điều dưỡng trưởng") -> UUID:
    with clinic.uow() as uow:
        made = create_role(uow=uow, actor=clinic.admin, name=name, permissions=["audit.read", "patient.read"])
        uow.commit()
    return made


def built_in(clinic: Clinic, name: str) -> UUID:
    with clinic.uow() as uow:
        return next(row.id for row in list_roles(uow=uow) if row.name == name)


def test_a_role_of_their_own_is_made_given_changed_and_deleted(clinic: Clinic) -> None:
    made, nurse = own_role(clinic), clinic.actor("nurse").id
    with clinic.uow() as uow:
        assert [row.name for row in list_roles(uow=uow)][-1] == "Điều dưỡng trưởng"
        change_member(uow=uow, actor=clinic.admin, user_id=nurse, version=1, details={}, further_role_ids=[made])
        assert "audit.read" in permissions_of(uow=uow, user_id=nurse)
        assert [each.id for each in holders(uow=uow, role_id=made)] == [nurse]
        change_role(
            uow=uow, actor=clinic.admin, role_id=made, version=1, name="Trưởng ca", permissions=["patient.register"]
        )
        assert permissions_of(uow=uow, user_id=nurse) & {"audit.read", "patient.register"} == {"patient.register"}
        found = role(uow=uow, role_id=made)
        assert (found.name, found.version, found.people, found.built_in) == ("Trưởng ca", 2, 1, False)
        uow.commit()
    with clinic.uow() as uow, pytest.raises(RoleInUse):
        delete_role(uow=uow, actor=clinic.admin, role_id=made)
    with clinic.uow() as uow:
        change_member(uow=uow, actor=clinic.admin, user_id=nurse, version=2, details={}, further_role_ids=[])
        delete_role(uow=uow, actor=clinic.admin, role_id=made)
        uow.commit()
        with pytest.raises(NotFound):
            role(uow=uow, role_id=made)
        told = uow.session.scalars(
            select(AuditLog).where(AuditLog.resource_id == str(made)).order_by(AuditLog.id)
        ).all()
    assert [row.action for row in told] == ["role.create", "role.change", "role.delete"]
    assert told[1].old_values == {"name": "Điều dưỡng trưởng", "permissions": ["audit.read", "patient.read"]}
    assert told[1].new_values == {"name": "Trưởng ca", "permissions": ["patient.register"]}


def test_names_and_permissions_that_cannot_be(clinic: Clinic) -> None:
    own_role(clinic)
    with clinic.uow() as uow, pytest.raises(RoleNameTaken):
        create_role(uow=uow, actor=clinic.admin, name=" Điều  dưỡng trưởng ", permissions=[])
    with clinic.uow() as uow, pytest.raises(InvalidFields) as refusal:
        create_role(
            uow=uow, actor=clinic.admin, name="x", description="x" * 1001, permissions=["everything", "patient.read"]
        )
    assert set(refusal.value.errors) == {"name", "description", "permissions"}


def test_what_every_hospital_has_keeps_its_name_and_stays(clinic: Clinic) -> None:
    nurse = built_in(clinic, "nurse")
    with clinic.uow() as uow:
        with pytest.raises(BuiltInRole):
            change_role(uow=uow, actor=clinic.admin, role_id=nurse, version=1, name="Hộ lý")
        with pytest.raises(BuiltInRole):
            delete_role(uow=uow, actor=clinic.admin, role_id=nurse)
        change_role(uow=uow, actor=clinic.admin, role_id=nurse, version=1, permissions=["patient.read"])
        with pytest.raises(PreconditionFailed):
            change_role(uow=uow, actor=clinic.admin, role_id=nurse, version=1, permissions=[])


def test_administrators_keep_what_mends(clinic: Clinic) -> None:
    admin = built_in(clinic, "admin")
    with clinic.uow() as uow:
        for lost in ADMIN_KEEPS:
            with pytest.raises(InvalidFields) as refusal:
                change_role(
                    uow=uow, actor=clinic.admin, role_id=admin, version=1, permissions=set(PERMISSIONS) - {lost}
                )
            assert set(refusal.value.errors) == {"permissions"}
        change_role(uow=uow, actor=clinic.admin, role_id=admin, version=1, permissions=ADMIN_KEEPS)
        assert permissions_of(uow=uow, user_id=clinic.admin.id) == ADMIN_KEEPS


def test_another_hospitals_roles_are_not_there(clinics: tuple[Clinic, Clinic]) -> None:
    ours, theirs = clinics
    made = own_role(ours)
    with theirs.uow() as uow:
        assert made not in {row.id for row in list_roles(uow=uow)}
        with pytest.raises(NotFound):
            change_role(uow=uow, actor=theirs.admin, role_id=made, version=1, permissions=[])
        with pytest.raises(NotFound):
            delete_role(uow=uow, actor=theirs.admin, role_id=made)


def test_a_role_reaches_the_hospital_or_the_departments(clinic: Clinic) -> None:
    with clinic.uow() as uow:
        there = {each.name: each for each in list_roles(uow=uow)}
        assert {name: each.reach for name, each in there.items()} == ROLE_REACH
        nurse, admin = there["nurse"], there["admin"]
        change_role(uow=uow, actor=clinic.admin, role_id=nurse.id, version=nurse.version, reach="hospital")
        assert role(uow=uow, role_id=nurse.id).reach == "hospital"
        with pytest.raises(InvalidFields) as unknown:
            change_role(uow=uow, actor=clinic.admin, role_id=nurse.id, version=nurse.version + 1, reach="world")
        with pytest.raises(InvalidFields) as kept:
            change_role(uow=uow, actor=clinic.admin, role_id=admin.id, version=admin.version, reach="departments")
        (row,) = uow.session.execute(
            select(AuditLog.old_values, AuditLog.new_values).where(AuditLog.action == "role.change")
        )
    assert set(unknown.value.errors) == set(kept.value.errors) == {"reach"}
    assert (row.old_values["reach"], row.new_values["reach"]) == ("departments", "hospital")


def test_nobody_gives_a_wider_reach_than_their_own(clinic: Clinic) -> None:
    own = frozenset({clinic.department_id})
    with clinic.uow() as uow:
        wide = create_role(uow=uow, actor=clinic.admin, name="Điều dưỡng viện", permissions=[], reach="hospital")
        nurse = add_user(uow, role="nurse", department_id=clinic.department_id)
        head = add_user(uow, role="nurse", department_id=clinic.department_id)
        rights = ROLE_PERMISSIONS["nurse"] | {"staff.manage"}
        limited = replace(staff_actor(clinic.hospital, head, role="nurse"), permissions=rights, departments=own)
        with pytest.raises(BeyondOwnRights):
            change_member(uow=uow, actor=limited, user_id=nurse, version=1, details={}, further_role_ids=[wide])
        whole = replace(limited, departments=None)
        change_member(uow=uow, actor=whole, user_id=nurse, version=1, details={}, further_role_ids=[wide])
        with pytest.raises(BeyondOwnRights):
            deactivate(uow=uow, actor=limited, user_id=nurse)
        another = create_department(uow=uow, actor=clinic.admin, code="TIM", name="Khoa Tim mạch").id
        with pytest.raises(AboutOneself):
            change_member(uow=uow, actor=limited, user_id=head, version=1, details={"department_id": another})
