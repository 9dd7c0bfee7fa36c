"""The audit chains of an installation, checked against the rows, the public keys and heads that were kept elsewhere."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from central.audit.models import AdminAuditLog
from central.router.public import TenantRouter, TenantSummary
from jobs.audit_keys import audit_public_keys
from jobs.sealing.public import (
    NotedHead,
    Restore,
    Verification,
    central_logs,
    head_files,
    hospital_log,
    noted_heads,
    verify,
)
from kernel.database.engines import Database
from kernel.errors import NotFound, SokhamError
from kernel.ids import TenantId, parse_tenant_code
from kernel.settings import Settings
from kernel.telemetry.logs import get_logger
from manage.epochs import restores_on_record
from manage.wiring.hospitals import routing
from manage.wiring.sources import central_database
from tenant_app.audit.public import AuditCheck
from tenant_app.database import HospitalBase

log = get_logger(__name__)

_HEADS = "SELECT n, head ->> 'digest', epoch, received_at FROM hospital_audit_heads WHERE tenant_id = :tenant"


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """One chain: whose it is (`central` or the hospital's code), and what was found, or why it could not be read."""

    where: str
    found: Verification | None
    error: str | None = None


def check_chains(
    settings: Settings,
    *,
    only: str | None = None,
    more_heads: Sequence[Path] = (),
    progress: Callable[[str, int], None] = lambda _where, _rows: None,
) -> Iterator[Checked]:
    """Check central's chains and every hospital's, or those of one hospital (`only`, its code).

    Where restores of hospitals are on record in central's log of administrators, that log is checked in any case: they
    are believed only if it is whole. It is among the answers for one hospital when it is not.

    `settings` hold the passwords of the roles route and seal. Raises NotFound for a code that there is not.
    """
    noted = list(noted_heads([*head_files(settings.data_dir), *more_heads]))
    routed = routing(settings, process="jobs", purpose="seal")
    central = central_database(settings, "seal", settings.password_seal, pool_size=2)
    try:
        with central.unit_of_work() as uow:
            keys = audit_public_keys(uow)
            restores = restores_on_record(uow)
            for chained in central_logs():
                has_restores = chained.rows.name == AdminAuditLog.__tablename__ and bool(restores)
                if only is not None and not has_restores:
                    continue
                found = verify(
                    uow=uow, log=chained, keys=keys, heads=noted, progress=lambda rows: progress("central", rows)
                )
                if found.broken is not None and has_restores:
                    restores = {}
                if found.broken is not None or only is None:
                    yield Checked(where="central", found=found)
        for hospital in _hospitals(routed.router, only):
            tenant = TenantId.parse(hospital.tenant_id)
            heads = [*noted, *_told_to_central(central, tenant)]
            yield _hospital(
                routed.router, hospital, keys=keys, heads=heads, restores=restores.get(tenant, ()), progress=progress
            )
    finally:
        central.dispose()
        routed.router.close()


def _hospital(
    router: TenantRouter,
    hospital: TenantSummary,
    *,
    keys: dict[str, dict[str, object]],
    heads: Sequence[NotedHead],
    restores: Sequence[Restore],
    progress: Callable[[str, int], None],
) -> Checked:
    tenant = TenantId.parse(hospital.tenant_id)
    code = hospital.tenant_code
    try:
        with router.unit_of_work(tenant) as uow:
            found = verify(
                uow=uow,
                log=hospital_log(tenant),
                keys=keys,
                heads=heads,
                restores=restores,
                progress=lambda rows: progress(code, rows),
            )
    except SokhamError as err:
        return Checked(where=code, found=None, error=err.code)
    _note(router, tenant, found)
    return Checked(where=code, found=found)


def _note(router: TenantRouter, tenant: TenantId, found: Verification) -> None:
    """Leave with the hospital what was found, for those there who read the log.

    What was found is told all the same where it cannot be left, as in a hospital that is not migrated yet.
    """
    broken = found.broken
    row = {
        "seals": found.seals,
        "row_count": found.rows,
        "broken_sequence": broken.sequence if broken else None,
        "fault": broken.fault if broken else None,
    }
    # The table and not the class: the role that seals reads nothing back.
    statement = insert(HospitalBase.metadata.tables[AuditCheck.__tablename__]).inline()
    try:
        with router.unit_of_work(tenant) as uow:
            uow.session.execute(statement, row)
            uow.commit()
    except (SokhamError, DBAPIError) as err:
        log.warning("audit.check_not_left", tenant=tenant, error=type(err).__name__)


def _hospitals(router: TenantRouter, only: str | None) -> list[TenantSummary]:
    hospitals = router.tenants()
    if only is None:
        return [each for each in hospitals if each.status == "active"]
    chosen = [each for each in hospitals if each.tenant_code == parse_tenant_code(only)]
    if not chosen:
        raise NotFound(f"there is no hospital {only}")
    return chosen


def _told_to_central(central: Database, tenant: TenantId) -> list[NotedHead]:
    chain = hospital_log(tenant).chain
    with central.unit_of_work() as uow:
        rows = uow.session.execute(text(_HEADS), {"tenant": tenant}).all()
    return [NotedHead(chain, int(row[0]), str(row[1]), row[2], row[3]) for row in rows]
