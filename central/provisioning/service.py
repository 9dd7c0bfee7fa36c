"""Making a hospital, changing its passwords. Every step can run twice, so a killed run resumes where it was."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg.errors import InvalidCatalogName

from central import roles
from central.audit.public import record
from central.provisioning import hospital_database
from central.provisioning.hospital_database import LoginPasswords
from central.provisioning.names import GRANTED_PURPOSES, PURPOSES, database_name, role_name
from central.provisioning.operations import Lease, begin
from central.provisioning.ports import FirstInvite, FirstStaff, HospitalInitialiser, HospitalSchema, NewHospital
from central.provisioning.server import HospitalServer
from central.provisioning.template import ensure_template
from central.registry.announcing import RouteAnnouncer
from central.registry.credentials import DatabasePlace
from central.registry.errors import TenantCodeTaken, TransitionRefused
from central.registry.models import Operation, Tenant
from central.registry.queries import latest_operation, tenant_by_code, tenant_by_id
from central.registry.service import NewTenant, create_tenant, put_credentials, transition
from kernel.database.engines import Database
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from kernel.telemetry.logs import get_logger
from kernel.web.actor import Actor
from keys.public import Keychain

log = get_logger(__name__)

KIND: Final = "provision"
STEPS: Final = ("roles", "database", "credentials", "hospital", "activate")


@dataclass(frozen=True, kw_only=True, slots=True)
class Provisioned:
    """A hospital that is ready, and the way in for its first member of staff."""

    operation_id: UUID
    tenant: TenantId
    tenant_code: str
    status: str
    invite: FirstInvite


def reserve(
    *,
    uow: UnitOfWork,
    new: NewTenant,
    admin: FirstStaff,
    actor: Actor | None = None,
) -> Operation:
    """Add the hospital and the operation that will make it, with the audit row; the caller commits, then runs it.

    Raises what `create_tenant` raises.
    """
    by = actor.id if actor else None
    tenant = create_tenant(uow=uow, new=new, created_by=by)
    record(
        uow=uow,
        actor=actor,
        action="tenant.create",
        resource_type="tenant",
        resource_id=tenant.id,
        tenant=TenantId.parse(tenant.id),
    )
    return begin(
        uow=uow,
        tenant=TenantId.parse(tenant.id),
        kind=KIND,
        steps=STEPS,
        request={"admin": asdict(admin)},
        requested_by=by,
    )


class Provisioner:
    """Makes hospitals on one server. `central` is central's database under the console's role."""

    def __init__(
        self,
        *,
        central: Database,
        keychain: Keychain,
        server: HospitalServer,
        schema: HospitalSchema,
        initialiser: HospitalInitialiser,
        announcer: RouteAnnouncer,
    ) -> None:
        self._central = central
        self._keychain = keychain
        self._server = server
        self._schema = schema
        self._initialiser = initialiser
        self._announcer = announcer

    def provision(self, *, new: NewTenant, admin: FirstStaff, actor: Actor | None = None) -> Provisioned:
        """Reserve and run, in transactions of their own; raises as `reserve` and `run`."""
        with self._central.unit_of_work() as uow:
            operation = reserve(uow=uow, new=new, admin=admin, actor=actor)
            uow.commit()
        return self.run(operation.id)

    def provision_or_resume(self, *, new: NewTenant, admin: FirstStaff, actor: Actor | None = None) -> Provisioned:
        """The same, or go on where a hospital of this code was not finished; raises as `provision`."""
        try:
            return self.provision(new=new, admin=admin, actor=actor)
        except TenantCodeTaken:
            with self._central.unit_of_work() as uow:
                row = tenant_by_code(uow=uow, code=new.tenant_code)
            if row.status not in {"provisioning", "failed"}:
                raise
            return self.resume(TenantId.parse(row.id))

    def resume(self, tenant: TenantId) -> Provisioned:
        """Go on with a hospital whose making was killed or failed. Raises OperationUnknown when nothing is left."""
        with self._central.unit_of_work() as uow:
            operation = latest_operation(uow=uow, tenant=tenant, kind=KIND)
            operation_id = operation.id if operation else tenant
        return self.run(operation_id)

    def run(self, operation_id: UUID) -> Provisioned:
        """Do what is left of an operation, to the active hospital.

        Raises OperationUnknown, OperationRunning, LeaseLost, and whatever stopped it: then the hospital is `failed`,
        and running the same operation again goes on once the cause is mended.
        """
        lease = Lease.take(self._central, operation_id=operation_id)
        tenant = self._begun(lease)
        with lease.failing_on_record(partial(self._mark_failed, tenant=lease.tenant)):
            return self._run(lease, tenant)

    def invite_again(
        self, *, uow: UnitOfWork, tenant: TenantId, actor: Actor | None = None, reason: str | None = None
    ) -> FirstInvite:
        """A new invite for the first administrator of a hospital that nobody has got into yet; earlier ones are void.

        `uow` is central's, and gets the audit row; the caller commits it. The hospital's part is committed here, first:
        a kill between the two leaves an invite that nobody has seen, and asking again voids it.

        Raises TenantUnknown, TransitionRefused for a hospital that is not active, and AdministratorJoined.
        """
        # Locked, so that there is one at a time, and no suspension in between.
        row = tenant_by_id(uow=uow, tenant=tenant, lock=True)
        if row.status != "active":
            raise TransitionRefused(data={"from": row.status, "to": row.status})
        record(
            uow=uow,
            actor=actor,
            action="tenant.admin_invited",
            resource_type="tenant",
            resource_id=tenant,
            tenant=tenant,
            reason=reason,
        )
        uow.flush()
        return hospital_database.invite_again(
            server=self._server,
            database=database_name(tenant),
            tenant=tenant,
            tenant_code=row.tenant_code,
            initialiser=self._initialiser,
            actor=actor,
        )

    def ensure_template(self) -> str:
        """Build the template now, so that the first hospital does not wait for it; returns its name."""
        with self._server.connect() as admin:
            return ensure_template(server=self._server, schema=self._schema, admin=admin)

    def _begun(self, lease: Lease) -> Tenant:
        with self._central.unit_of_work() as uow:
            tenant = tenant_by_id(uow=uow, tenant=lease.tenant)
            if tenant.status == "failed":
                transition(uow=uow, tenant=lease.tenant, to="provisioning", announcer=self._announcer)
                uow.commit()
            return tenant

    def _run(self, lease: Lease, tenant: Tenant) -> Provisioned:
        database = database_name(lease.tenant)
        hospital = NewHospital(
            tenant=lease.tenant,
            tenant_code=tenant.tenant_code,
            name=tenant.name,
            display_name=tenant.display_name,
            admin=FirstStaff(**lease.request["admin"]),
        )
        # Nobody can read a password back, so each run gives the roles new ones: the sealed copies are made at its end.
        passwords = {purpose: roles.new_password() for purpose in PURPOSES}
        with self._server.connect() as admin:
            with lease.step("roles"):
                hospital_database.ensure_roles(admin, database=database, passwords=passwords, purposes=("migrate",))
            with lease.step("database", "credentials"):
                self._make_database(lease, admin, database, passwords)
        with lease.steps_in_one("hospital", "activate", last=True) as central:
            invite = hospital_database.initialise(
                server=self._server,
                database=database,
                password=passwords["migrate"],
                hospital=hospital,
                initialiser=self._initialiser,
                central=central,
            )
            row = transition(
                uow=central,
                tenant=lease.tenant,
                to="active",
                announcer=self._announcer,
                updated_by=lease.requested_by,
            )
        return Provisioned(
            operation_id=lease.operation_id,
            tenant=lease.tenant,
            tenant_code=row.tenant_code,
            status=row.status,
            invite=invite,
        )

    def _make_database(
        self, lease: Lease, admin: psycopg.Connection[Any], database: str, passwords: LoginPasswords
    ) -> None:
        """The template's copy takes longest; the other roles and the sealing of all passwords are done beside it."""
        with (
            ThreadPoolExecutor(max_workers=1) as beside,
            hospital_database.acting_as_owner(admin, database=database),
        ):
            ready = beside.submit(self._make_logins, lease, database, passwords)
            self._copy_template(admin, database)
            ready.result()
            hospital_database.open_to_its_roles(admin, database=database)

    def _make_logins(self, lease: Lease, database: str, passwords: LoginPasswords) -> None:
        with self._server.connect() as admin:
            hospital_database.ensure_roles(admin, database=database, passwords=passwords, purposes=GRANTED_PURPOSES)
        with lease.fenced() as central:
            self._put_credentials(central, lease.tenant, database, passwords)

    def _copy_template(self, admin: psycopg.Connection[Any], database: str) -> None:
        for attempt in (1, 2):
            template = ensure_template(server=self._server, schema=self._schema, admin=admin)
            try:
                hospital_database.ensure_database(admin, database=database, template=template)
            except InvalidCatalogName:
                # Between our look and the copy a newer release replaced the template.
                if attempt == 2:
                    raise
            else:
                return

    def _put_credentials(self, central: UnitOfWork, tenant: TenantId, database: str, passwords: LoginPasswords) -> None:
        put_credentials(
            uow=central,
            keychain=self._keychain,
            tenant=tenant,
            logins={
                purpose: (
                    place_of(self._server, database=database, purpose=purpose, username=role_name(database, purpose)),
                    password,
                )
                for purpose, password in passwords.items()
            },
        )

    def _mark_failed(self, uow: UnitOfWork, *, tenant: TenantId) -> None:
        if tenant_by_id(uow=uow, tenant=tenant).status == "provisioning":
            transition(uow=uow, tenant=tenant, to="failed", announcer=self._announcer)


def place_of(server: HospitalServer, *, database: str, purpose: str, username: str) -> DatabasePlace:
    """Where a purpose connects: through the pooler, but for migrations, which need one session for all they do."""
    direct = purpose == "migrate"
    return DatabasePlace(
        host=server.direct_host if direct else server.host,
        port=server.direct_port if direct else server.port,
        database=database,
        username=username,
    )
