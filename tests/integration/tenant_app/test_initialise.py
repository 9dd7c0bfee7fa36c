"""What a new hospital starts with."""

from sqlalchemy import func, select

from central import roles
from central.auth.public import parse_secret
from central.provisioning.ports import FirstStaff, NewHospital
from central.sync.models import SyncKey
from kernel.clock import utc_now
from tenant_app.hospital.initialise import HospitalStart
from tenant_app.hospital.public import hospital_info
from tenant_app.outbox.models import SyncSigningKeyRecord
from tenant_app.staff.models import Role, StaffInvite, User
from tenant_app.staff.permissions import ROLE_PERMISSIONS
from tenant_app.staff.public import permissions_of
from tests.support.hospitals import Hospital


def test_each_hospital_has_its_own_start(two_hospitals: tuple[Hospital, Hospital]) -> None:
    """Its name, six roles, one invited administrator who may do everything, and an invite that is good here only."""
    for hospital, other in (two_hospitals, two_hospitals[::-1]):
        with hospital.unit_of_work() as uow:
            info = hospital_info(uow=uow)
            assert (info.tenant_code, info.name) == (hospital.tenant_code, hospital.name)
            assert set(uow.session.scalars(select(Role.name))) == set(ROLE_PERMISSIONS)
            admin = uow.session.scalars(select(User)).one()
            assert (admin.username, admin.role, admin.status) == ("quantri", "admin", "invited")
            assert permissions_of(uow=uow, user_id=admin.id) == ROLE_PERMISSIONS["admin"]
            invite = uow.session.scalars(select(StaffInvite)).one()
        secret = parse_secret(hospital.provisioned.invite.token)
        assert secret.tag == hospital.tenant_code
        assert invite.token_hash == secret.digest
        assert invite.expires_at > utc_now()
        with other.unit_of_work() as uow:
            assert secret.digest not in set(uow.session.scalars(select(StaffInvite.token_hash)))


def test_central_knows_the_public_half_of_each_sync_key(two_hospitals: tuple[Hospital, Hospital]) -> None:
    """The tenant of a batch is the one that stands beside the key in central."""
    for hospital in two_hospitals:
        with hospital.unit_of_work("sync") as uow:
            kid = uow.session.scalars(select(SyncSigningKeyRecord.kid)).one()
        with hospital.central.database(roles.OWNER).unit_of_work() as uow:
            assert uow.session.get_one(SyncKey, kid).tenant_id == hospital.tenant


def test_running_it_again_keeps_the_user_and_replaces_the_invite(hospital: Hospital) -> None:
    """A run killed after its commit comes again: there is still one administrator, and the new invite counts."""
    start = HospitalStart(keychain=hospital.keychain)
    first = parse_secret(hospital.provisioned.invite.token)
    the_same = NewHospital(
        tenant=hospital.tenant,
        tenant_code=hospital.tenant_code,
        name=hospital.name,
        display_name=None,
        admin=FirstStaff(username="QuanTri", email="khac@benhvien.example", full_name="Nguyễn Thị Quản Trị"),
    )
    with (
        hospital.unit_of_work("migrate") as uow,
        hospital.central.database(roles.CONSOLE).unit_of_work() as central,
    ):
        uow.session.connection().exec_driver_sql("SET LOCAL ROLE pg_database_owner")
        again = start.initialise(uow=uow, central=central, hospital=the_same)
        uow.commit()
        central.commit()
    with hospital.unit_of_work() as uow:
        assert uow.session.scalar(select(func.count()).select_from(User)) == 1
        used = {row.token_hash: row.used_at for row in uow.session.scalars(select(StaffInvite))}
    assert used[first.digest] is not None
    assert used[parse_secret(again.token).digest] is None
