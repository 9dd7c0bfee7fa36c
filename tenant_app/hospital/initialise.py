"""What a new hospital's database starts with; central/provisioning runs it through its port."""

from sqlalchemy import func, select

from central.provisioning.ports import AdministratorJoined, FirstInvite, NewHospital
from central.sync.public import ensure_index_key, register_sync_key
from kernel.clock import Clock, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.web.actor import Actor
from keys.public import Keychain
from tenant_app.audit.service import record_by_platform
from tenant_app.hospital.models import HospitalInfo
from tenant_app.outbox.signing import ensure_sync_key
from tenant_app.staff.models import User
from tenant_app.staff.service import NewUser, add_default_roles, add_invited_user, issue_invite

# A template may be months old, and a row without a partition to go to would stop the hospital.
PARTITIONS_AHEAD = 12


class HospitalStart:
    """Hospital info, roles with their permissions, the first user with an invite, the sync key."""

    def __init__(self, *, keychain: Keychain, clock: Clock = utc_now) -> None:
        """`keychain` may wrap under the scope `sync-signing`."""
        self._keychain = keychain
        self._clock = clock

    def initialise(self, *, uow: UnitOfWork, central: UnitOfWork, hospital: NewHospital) -> FirstInvite:
        """See central.provisioning.ports.HospitalInitialiser. Raises InvalidFields for a name that cannot be used."""
        uow.session.execute(select(func.audit_make_partitions(PARTITIONS_AHEAD)))
        if uow.session.execute(select(HospitalInfo.id)).first() is None:
            uow.session.add(
                HospitalInfo(tenant_code=hospital.tenant_code, name=hospital.name, display_name=hospital.display_name)
            )
        add_default_roles(uow=uow)
        self._register_sync_key(uow, central, hospital)
        return self._invite(uow, hospital)

    def invite_again(self, *, uow: UnitOfWork, tenant_code: str, actor: Actor | None) -> FirstInvite:
        """See central.provisioning.ports.HospitalInitialiser. Raises AdministratorJoined."""
        administrators = select(User.id).where(User.role == "admin").order_by(User.created_at, User.id)
        first = uow.session.scalars(administrators.limit(1)).one()
        issued = issue_invite(uow=uow, account_id=first, tag=tenant_code, now=self._clock())
        # Asked after the earlier invites are void: whoever was accepting one meanwhile has joined now, or never can.
        if uow.session.execute(administrators.where(User.status != "invited").limit(1)).first() is not None:
            raise AdministratorJoined
        record_by_platform(
            uow=uow,
            administrator_id=actor.id if actor else None,
            action="staff.invite",
            resource_type="user",
            resource_id=first,
        )
        return FirstInvite(token=issued.secret.text, expires_at=issued.expires_at)

    def _invite(self, uow: UnitOfWork, hospital: NewHospital) -> FirstInvite:
        now = self._clock()
        admin = hospital.admin
        there = uow.session.execute(
            select(User.id).where(User.username == admin.username.strip().lower())
        ).scalar_one_or_none()
        if there is None:
            _, issued = add_invited_user(
                uow=uow,
                new=NewUser(username=admin.username, email=admin.email, full_name=admin.full_name, role="admin"),
                tag=hospital.tenant_code,
                created_by=None,
                now=now,
            )
        else:
            # A run before this one made the user, and its invite may never have reached anybody.
            issued = issue_invite(uow=uow, account_id=there, tag=hospital.tenant_code, now=now)
        return FirstInvite(token=issued.secret.text, expires_at=issued.expires_at)

    def _register_sync_key(self, uow: UnitOfWork, central: UnitOfWork, hospital: NewHospital) -> None:
        """Central's rows are added when they are missing: a run killed between the two commits left them out."""
        public_jwk = ensure_sync_key(uow=uow, tenant=hospital.tenant, keychain=self._keychain, clock=self._clock)
        register_sync_key(uow=central, tenant=hospital.tenant, public_jwk=public_jwk)
        ensure_index_key(uow=central, tenant=hospital.tenant, keychain=self._keychain)
