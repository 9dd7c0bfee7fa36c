"""A new epoch for a hospital whose database was restored: begun here, and on record in central for the verifier."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select, text, update

from central.audit.public import record
from central.registry.public import TransitionRefused, raise_epoch, tenant_by_code
from jobs.sealing.public import Restore, hospital_log
from kernel.database.engines import Database
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId, parse_tenant_code
from kernel.settings import Settings
from keys.encoding import to_base64url
from manage.errors import CommandFailed
from manage.fleet import hospital_targets
from manage.owned import owned
from tenant_app.audit.service import record_by_platform
from tenant_app.hospital.public import HospitalSync

ACTION: Final = "tenant.raise_epoch"

# What a seal covers and nothing after it: a row that nobody has sealed yet can still be put there or changed unseen.
_ON_RECORD: Final = """
SELECT tenant_id, created_at, new_values FROM admin_audit_logs
WHERE action = :action AND (xid, id) <= (
    SELECT last_xid, last_id FROM audit_seals WHERE table_name = 'admin_audit_logs' ORDER BY sequence DESC LIMIT 1)
ORDER BY xid, id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """The hospital's epoch before and now, and how many seals its audit chain has."""

    tenant_code: str
    before: int
    epoch: int
    seals: int


def begin_epoch(settings: Settings, *, central: Database, code: str, reason: str) -> Begun:
    """Raise a suspended hospital's epoch in the registry, which puts it on record, and then in its own database.

    A run that was killed in between is simply run again: one more epoch does no harm. Raises TenantUnknown,
    CommandFailed for one that is not suspended, and what opening its database raises.
    """
    targets, unreadable = hospital_targets(settings, (parse_tenant_code(code),))
    for each in unreadable:
        raise CommandFailed(f"The credential of {each.tenant_code}'s database does not open ({each.error}).")
    with central.unit_of_work() as uow:
        row = tenant_by_code(uow=uow, code=code)
        tenant, before = TenantId.parse(row.id), row.epoch
    with owned(targets[0], tenant=tenant) as database:
        with database.unit_of_work() as uow:
            its_own = uow.session.scalars(select(HospitalSync.epoch)).one()
            head = hospital_log(tenant).head(uow)
        with central.unit_of_work() as uow:
            try:
                epoch = raise_epoch(uow=uow, tenant=tenant, at_least=its_own).epoch
            except TransitionRefused as err:
                raise CommandFailed(
                    f"{row.tenant_code} is {row.status}: nobody may write there meanwhile."
                    f" Suspend it first: `sokham tenant suspend {row.tenant_code}`."
                ) from err
            digest = to_base64url(head.digest) if head.sequence else ""
            record(
                uow=uow,
                actor=None,
                action=ACTION,
                resource_type="tenant",
                resource_id=tenant,
                tenant=tenant,
                facts={"epoch": epoch, "seals": head.sequence, "digest": digest},
                reason=reason,
            )
            uow.commit()
        with database.unit_of_work() as uow:
            uow.session.execute(update(HospitalSync).values(epoch=epoch, updated_at=func.now()))
            record_by_platform(
                uow=uow, administrator_id=None, action=ACTION, resource_type="tenant", resource_id=tenant
            )
            uow.commit()
    return Begun(tenant_code=row.tenant_code, before=before, epoch=epoch, seals=head.sequence)


def restores_on_record(uow: UnitOfWork) -> dict[TenantId, list[Restore]]:
    """What `begin_epoch` has put into central's log, as far as it is sealed. The caller has verified that chain."""
    found: dict[TenantId, list[Restore]] = {}
    for tenant, at, facts in uow.session.execute(text(_ON_RECORD), {"action": ACTION}):
        restore = Restore(epoch=facts["epoch"], at=at, sequence=facts["seals"], digest=facts["digest"])
        found.setdefault(TenantId.parse(tenant), []).append(restore)
    return found
