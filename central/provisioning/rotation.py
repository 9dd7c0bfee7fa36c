"""New passwords for a hospital's roles, without an error for anybody who is at work.

A password cannot be changed in the server and in the registry at one moment, so nothing is changed that is in use: each
purpose has two login roles that take turns, the base role and a member of it. The idle one gets a new password, the
registry is switched to it and the routers are told; the old one is closed only when no process can still be using it to
connect. Connections that are open stay open: closing a role to new sign-ins does not end its sessions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from psycopg import Connection, sql
from sqlalchemy import func, or_, select

from central import roles
from central.audit.public import record
from central.provisioning.hospital_database import CONNECTION_LIMITS
from central.provisioning.names import PURPOSES, database_name, other_role_name, role_name
from central.provisioning.operations import Lease, begin
from central.provisioning.server import HospitalServer
from central.registry.announcing import RouteAnnouncer, announce_after_commit
from central.registry.credentials import DatabasePlace
from central.registry.errors import OperationRunning, TransitionRefused
from central.registry.models import Operation
from central.registry.queries import CredentialView, credentials_of, tenant_by_id
from central.registry.service import put_credentials
from kernel.clock import Clock, utc_now
from kernel.database.engines import Database
from kernel.ids import TenantId
from kernel.web.actor import Actor
from keys.public import Keychain

KIND: Final = "rotate-credentials"
STEPS: Final = ("prepare", "switch", "retire")

# A route is cached for seconds (suspension holds within 10 s); thrice that covers a process that was slow to connect.
GRACE: Final = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rotation:
    """New passwords are in use; the old roles are to be closed from `retire_at` on."""

    operation_id: UUID
    tenant: TenantId
    retire_at: datetime


class CredentialRotation:
    """Rotates credentials on one server. `central` is central's database under the console's role."""

    def __init__(
        self,
        *,
        central: Database,
        keychain: Keychain,
        server: HospitalServer,
        announcer: RouteAnnouncer,
        grace: timedelta = GRACE,
        clock: Clock = utc_now,
    ) -> None:
        self._central = central
        self._keychain = keychain
        self._server = server
        self._announcer = announcer
        self._grace = grace
        self._clock = clock

    def rotate(self, tenant: TenantId, *, actor: Actor | None = None) -> Rotation:
        """Put new passwords into use for every purpose.

        Raises TenantUnknown, TransitionRefused for a hospital that was never active, and OperationRunning while another
        rotation is not finished (its old roles may still be in use; `retry_after` says how long).
        """
        with self._central.unit_of_work() as uow:
            row = tenant_by_id(uow=uow, tenant=tenant)
            if row.status not in {"active", "suspended"}:
                raise TransitionRefused(data={"from": row.status, "to": row.status})
            by = actor.id if actor else None
            operation = begin(uow=uow, tenant=tenant, kind=KIND, steps=STEPS, requested_by=by)
            record(
                uow=uow,
                actor=actor,
                action="tenant.rotate_credentials",
                resource_type="tenant",
                resource_id=tenant,
                tenant=tenant,
            )
            uow.commit()
        return self.switch(operation.id)

    def switch(self, operation_id: UUID) -> Rotation:
        """Go on with a rotation up to the point where the new passwords are in use. Safe to repeat after a kill."""
        lease = Lease.take(self._central, operation_id=operation_id)
        switched = lease.finished_at("switch")
        if switched is None:
            passwords = {purpose: roles.new_password() for purpose in PURPOSES}
            present = self._credentials(lease.tenant)
            with lease.failing_on_record():
                with lease.step("prepare"), self._server.connect() as admin:
                    _prepare(admin, database=database_name(lease.tenant), present=present, passwords=passwords)
                self._switch(lease, present, passwords)
            switched = lease.finished_at("switch") or self._clock()
        lease.release()
        return Rotation(operation_id=operation_id, tenant=lease.tenant, retire_at=switched + self._grace)

    def finish(self, operation_id: UUID) -> None:
        """Close the old roles. Raises OperationRunning when it is too early, OperationUnknown when it is done."""
        rotation = self.switch(operation_id)
        wait = (rotation.retire_at - self._clock()).total_seconds()
        if wait > 0:
            raise OperationRunning(retry_after=max(1, round(wait)))
        lease = Lease.take(self._central, operation_id=operation_id)
        database = database_name(lease.tenant)
        with (
            lease.failing_on_record(),
            lease.steps_in_one("retire", last=True),
            self._server.connect() as admin,
        ):
            for purpose, credential in self._credentials(lease.tenant).items():
                old = other_role_name(role_name(database, purpose), credential.username)
                admin.execute(sql.SQL("ALTER ROLE {} NOLOGIN PASSWORD NULL").format(sql.Identifier(old)))

    def unfinished(self) -> list[UUID]:
        """Rotations that nobody works on: their old roles wait to be closed, or their process was killed."""
        with self._central.unit_of_work() as uow:
            return list(
                uow.session.scalars(
                    select(Operation.id)
                    .where(
                        Operation.kind == KIND,
                        Operation.state == "running",
                        or_(Operation.lease_until.is_(None), Operation.lease_until < func.now()),
                    )
                    .order_by(Operation.created_at)
                )
            )

    def _switch(self, lease: Lease, present: Mapping[str, CredentialView], passwords: Mapping[str, str]) -> None:
        database = database_name(lease.tenant)
        with lease.steps_in_one("switch", last=False) as uow:
            put_credentials(
                uow=uow,
                keychain=self._keychain,
                tenant=lease.tenant,
                logins={
                    purpose: (
                        DatabasePlace(
                            host=credential.host,
                            port=credential.port,
                            database=credential.database,
                            username=other_role_name(role_name(database, purpose), credential.username),
                        ),
                        passwords[purpose],
                    )
                    for purpose, credential in present.items()
                },
            )
            announce_after_commit(uow=uow, tenant=lease.tenant, announcer=self._announcer)

    def _credentials(self, tenant: TenantId) -> dict[str, CredentialView]:
        with self._central.unit_of_work() as uow:
            return {view.purpose: view for view in credentials_of(uow=uow, tenant=tenant)}


def _prepare(
    admin: Connection[Any], *, database: str, present: Mapping[str, CredentialView], passwords: Mapping[str, str]
) -> None:
    """Give the idle login role of each purpose a new password, and the base role's rights."""
    idle = {purpose: other_role_name(role_name(database, purpose), view.username) for purpose, view in present.items()}
    roles.ensure_login_roles(
        admin,
        (
            roles.LoginRole(name=name, password=passwords[purpose], connection_limit=CONNECTION_LIMITS[purpose])
            for purpose, name in idle.items()
        ),
    )
    for purpose, name in idle.items():
        base = role_name(database, purpose)
        if name != base:
            # The owner's stand-in must be able to act as the owner: migrations make objects in the owner's name.
            roles.stand_in(admin, name=name, base=base, may_become=purpose == "migrate")
