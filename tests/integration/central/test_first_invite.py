"""The first administrator of a hospital is invited again, until an administrator there has joined."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from central import roles
from central.auth.public import InvalidSecret, parse_secret
from central.provisioning.hospital_database import WrongHospital
from central.provisioning.names import role_name
from central.provisioning.public import AdministratorJoined, FirstInvite
from central.registry.public import TenantUnknown, TransitionRefused, Unannounced, suspend
from kernel.clock import utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId, new_row_id
from kernel.passwords import Passwords
from tenant_app.auth.service import StaffAccounts
from tenant_app.staff.models import StaffInvite, User
from tests.integration.central.test_rotation import rotation_of
from tests.support.databases import hospital_server
from tests.support.hospitals import Hospital, HospitalMaker
from tests.support.waiting import wait_until

PASSWORD = "mot cau that dai de nho"
TWO = tuple[Hospital, Hospital]


def invite_again(hospitals: HospitalMaker, tenant: TenantId) -> FirstInvite:
    """As an edge does it: central's part is committed at the end."""
    with hospitals.central.database(roles.CONSOLE).unit_of_work() as uow:
        made = hospitals.provisioner().invite_again(uow=uow, tenant=tenant, reason="thư thất lạc")
        uow.commit()
    return made


def accept(uow: UnitOfWork, token: str) -> None:
    StaffAccounts(Passwords(memory_kib=8, passes=1, lanes=1)).accept(
        uow=uow, secret=parse_secret(token), password=PASSWORD
    )


def join(hospital: Hospital, token: str) -> None:
    with hospital.unit_of_work() as uow:
        accept(uow, token)
        uow.commit()


def stands(hospital: Hospital) -> dict[str, Any]:
    """What must not change where nothing was asked: invites, accounts, audit rows; and which logins it has."""
    with hospital.superuser() as connection:
        return {
            "invites": connection.execute("SELECT token_hash, used_at FROM staff_invites ORDER BY id").fetchall(),
            "users": connection.execute("SELECT username, status FROM users ORDER BY id").fetchall(),
            "audit": connection.execute("SELECT action, actor_kind, user_id, portal FROM audit_logs").fetchall(),
            "logins": connection.execute(
                "SELECT rolname FROM pg_roles WHERE starts_with(rolname, %s) ORDER BY rolname",
                (hospital.database_name,),
            ).fetchall(),
        }


def audited(hospital: Hospital) -> list[Any]:
    with hospital.central.superuser() as connection:
        return connection.execute(
            "SELECT tenant_id, reason FROM admin_audit_logs WHERE action = 'tenant.admin_invited'"
        ).fetchall()


def test_a_new_invite_takes_the_place_of_the_lost_one(hospitals: HospitalMaker, two_hospitals: TWO) -> None:
    hospital, other = two_hospitals
    before, others = stands(hospital), stands(other)
    made = invite_again(hospitals, hospital.tenant)
    assert made.token.startswith(f"{hospital.tenant_code}.")
    assert made.expires_at > utc_now() + timedelta(days=6)
    after = stands(hospital)
    assert after["audit"] == [*before["audit"], ("staff.invite", "admin", None, "admin")]
    # The login that did it is gone, and no other was touched.
    assert after["logins"] == before["logins"]
    assert audited(hospital) == [(hospital.tenant, "thư thất lạc")]
    assert stands(other) == others
    for lost in (hospital.provisioned.invite.token, other.provisioned.invite.token):
        with pytest.raises(InvalidSecret):
            join(hospital, lost)
    join(hospital, made.token)
    join(other, other.provisioned.invite.token)


def test_an_invite_that_ran_out_is_replaced(hospitals: HospitalMaker, hospital: Hospital) -> None:
    with hospital.unit_of_work() as uow:
        uow.session.execute(update(StaffInvite).values(expires_at=utc_now() - timedelta(days=1)))
        uow.commit()
    with pytest.raises(InvalidSecret):
        join(hospital, hospital.provisioned.invite.token)
    join(hospital, invite_again(hospitals, hospital.tenant).token)


@pytest.mark.parametrize("since", ["active", "inactive", "locked"])
def test_nobody_is_let_in_once_an_administrator_has_joined(
    hospitals: HospitalMaker, two_hospitals: TWO, since: str
) -> None:
    hospital, other = two_hospitals
    join(hospital, hospital.provisioned.invite.token)
    with hospital.unit_of_work() as uow:
        uow.session.execute(update(User).values(status=since))
        uow.commit()
    before = stands(hospital)
    with pytest.raises(AdministratorJoined):
        invite_again(hospitals, hospital.tenant)
    assert stands(hospital) == before
    assert audited(hospital) == []
    # That one hospital lives says nothing of the other.
    join(other, invite_again(hospitals, other.tenant).token)


def test_a_second_administrator_who_joined_counts_as_well(hospitals: HospitalMaker, hospital: Hospital) -> None:
    with hospital.unit_of_work() as uow:
        second = User(username="hai", email="hai@vidu.example", full_name="Hai", role="admin", status="active")
        uow.session.add(second)
        uow.commit()
    with pytest.raises(AdministratorJoined):
        invite_again(hospitals, hospital.tenant)
    join(hospital, hospital.provisioned.invite.token)


def test_who_joins_at_the_same_moment_is_waited_for(hospitals: HospitalMaker, hospital: Hospital) -> None:
    """Either the earlier invite is accepted, or there is a new one; never both."""
    refused: list[AdministratorJoined] = []

    def ask() -> None:
        try:
            invite_again(hospitals, hospital.tenant)
        except AdministratorJoined as err:
            refused.append(err)

    asking = threading.Thread(target=ask, daemon=True)
    with hospital.unit_of_work() as uow, hospital.superuser() as looking:
        accept(uow, hospital.provisioned.invite.token)
        asking.start()
        wait_until(
            lambda: looking.execute(
                "SELECT 1 FROM pg_stat_activity WHERE usename = %s AND wait_event_type = 'Lock'",
                (role_name(hospital.database_name, "once"),),
            ).fetchone(),
            what="the one who waits",
        )
        uow.commit()
    asking.join(timeout=30)
    assert len(refused) == 1
    with hospital.unit_of_work() as uow:
        assert uow.session.scalars(select(StaffInvite.used_at)).one() is not None


def test_only_a_hospital_in_service_is_let_in(hospitals: HospitalMaker, hospital: Hospital) -> None:
    with hospitals.central.database(roles.CONSOLE).unit_of_work() as uow:
        suspend(uow=uow, tenant=hospital.tenant, announcer=Unannounced())
        uow.commit()
    before = stands(hospital)
    with pytest.raises(TransitionRefused):
        invite_again(hospitals, hospital.tenant)
    with pytest.raises(TenantUnknown):
        invite_again(hospitals, TenantId.parse(new_row_id()))
    assert stands(hospital) == before


def test_another_hospital_s_database_is_left_alone(hospitals: HospitalMaker, two_hospitals: TWO) -> None:
    """One that was put back under the wrong name says so itself."""
    hospital, other = two_hospitals
    with hospital.superuser() as connection:
        connection.execute("ALTER TABLE hospital_identity DISABLE TRIGGER USER")
        connection.execute("UPDATE hospital_identity SET tenant_id = %s", (other.tenant,))
    before = stands(hospital)
    with pytest.raises(WrongHospital):
        invite_again(hospitals, hospital.tenant)
    assert stands(hospital) == before


def test_it_works_after_a_rotation_and_over_what_a_kill_left(hospitals: HospitalMaker, hospital: Hospital) -> None:
    rotation = rotation_of(hospital)
    rotation.finish(rotation.rotate(hospital.tenant).operation_id)
    left = role_name(hospital.database_name, "once")
    with hospital_server(hospitals.central.servers).connect() as admin:
        roles.ensure_login_roles(admin, (roles.LoginRole(name=left, password=roles.new_password()),))
    join(hospital, invite_again(hospitals, hospital.tenant).token)
    assert (left,) not in stands(hospital)["logins"]
    # And what the hospital works with goes on.
    for purpose in ("app", "migrate"):
        with hospital.connect(purpose) as connection:
            connection.execute("SELECT 1")
