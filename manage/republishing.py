"""Every patient of a hospital into its outbox again: for a central that was restored, or a hospital that was."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from central.audit.public import record
from central.registry.public import tenant_by_code
from central.router.public import HospitalUnavailable
from central.sync.public import RedisDoorbell
from kernel.database.engines import Database
from kernel.errors import SokhamError
from kernel.ids import TenantId, parse_tenant_code
from kernel.settings import Settings
from manage import operator
from manage.errors import CommandFailed
from manage.fleet import hospital_targets
from manage.owned import owned
from manage.wiring.sources import helpful_redis
from migrations.fleet import Target
from tenant_app.audit.service import record_by_platform
from tenant_app.hospital.public import HospitalSync
from tenant_app.patients.models import Patient
from tenant_app.patients.republish import republish, republish_erasures

# A transaction takes well under a second, and holds no lock that anybody waits for.
PATIENTS_A_STEP: Final = 500


class EpochBehind(CommandFailed):
    """Central would refuse every event: it has forgotten that this hospital was restored."""

    code = "epoch_behind"


@dataclass(kw_only=True)
class Republished:
    """One hospital: `patients` of `total` looked at, `events` added, the last patient done.

    `error` is a code when it ended early, and `said` what there is to say about it.
    """

    tenant_code: str
    total: int = 0
    patients: int = 0
    events: int = 0
    last: UUID | None = None
    error: str | None = None
    said: str | None = None


Progress = Callable[[Republished], None]


def republish_hospitals(
    settings: Settings,
    *,
    only: str | None,
    after: UUID | None = None,
    progress: Progress = lambda _so_far: None,
) -> Iterator[Republished]:
    """Republish one hospital, or all; one that fails stops no other. Raises TenantUnknown.

    Each step is a transaction of its own, so a run that was killed loses the step it was in; `after` goes on behind
    that patient. Each hospital's worker also reads central's changes from the first on (each can be applied again):
    its place among them may be one that a restored central has not reached yet.
    """
    targets, unreadable = hospital_targets(settings, () if only is None else (parse_tenant_code(only),))
    yield from (Republished(tenant_code=each.tenant_code, error=each.error) for each in unreadable)
    redis = helpful_redis(settings)
    with _console(settings) as central:
        for target in targets:
            so_far = Republished(tenant_code=target.tenant_code, last=after)
            try:
                tenant = _hospital(central, target, so_far, progress)
            except SokhamError as err:
                so_far.error, so_far.said = err.code, str(err)
            except OperationalError:
                so_far.error, so_far.said = (
                    HospitalUnavailable.code,
                    "its database does not answer, or does not let us in",
                )
            else:
                if redis is not None:
                    RedisDoorbell(redis).ring(tenant, changes=True)
            yield so_far


def _hospital(central: Database, target: Target, so_far: Republished, progress: Progress) -> TenantId:
    with central.unit_of_work() as uow:
        row = tenant_by_code(uow=uow, code=target.tenant_code)
        tenant, epoch = TenantId.parse(row.id), row.epoch
        record(
            uow=uow,
            actor=None,
            action="sync.republish",
            resource_type="tenant",
            resource_id=tenant,
            tenant=tenant,
        )
        uow.commit()
    with owned(target, tenant=tenant) as database:
        with database.unit_of_work() as uow:
            if uow.session.scalars(select(HospitalSync.epoch)).one() > epoch:
                raise EpochBehind(
                    "central has forgotten that this hospital was restored; raise its epoch there:"
                    f" `sokham tenant raise-epoch {so_far.tenant_code}`"
                )
            so_far.total = uow.session.scalars(select(func.count()).select_from(Patient)).one()
            record_by_platform(
                uow=uow,
                administrator_id=None,
                action="sync.republish",
                resource_type="tenant",
                resource_id=tenant,
            )
            uow.session.execute(update(HospitalSync).values(changes_cursor=None, updated_at=func.now()))
            so_far.events += republish_erasures(uow=uow)
            uow.commit()
        progress(so_far)
        while True:
            with database.unit_of_work() as uow:
                step = republish(uow=uow, after=so_far.last, limit=PATIENTS_A_STEP)
                uow.commit()
            if step.last is None:
                return tenant
            so_far.patients += step.patients
            so_far.events += step.events
            so_far.last = step.last
            progress(so_far)


@contextmanager
def _console(settings: Settings) -> Iterator[Database]:
    database = operator.console_database(settings)
    try:
        yield database
    finally:
        database.dispose()
