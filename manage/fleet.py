"""The hospitals of an installation, as the fleet runner takes them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from central.registry.public import SqlDataKeyStore, Tenant, TenantCredential, TenantUnknown, open_credential
from kernel.database.engines import connection_parameters
from kernel.errors import SokhamError
from kernel.settings import Settings
from keys.public import PROCESSES, Keychain
from manage.wiring.sources import central_database, key_provider
from migrations import runner
from migrations.fleet import Result, Target, migrate_fleet

# Hospitals that have a database. One that is suspended is kept up to date, so that it can come back at any time.
_WITH_DATABASE = ("active", "suspended")


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Where a hospital's database stands; `revision` None with an `error` when it could not be asked."""

    tenant_code: str
    revision: str | None
    error: str | None = None


def migrate_hospitals(settings: Settings, *, only: Sequence[str] = (), parallel: int = 2) -> Iterator[Result]:
    """Bring hospitals (all, or the codes in `only`) to the head. Raises TenantUnknown for a code that there is not."""
    targets, unreadable = hospital_targets(settings, only)
    yield from unreadable
    yield from migrate_fleet(targets, parallel=parallel)


def standings(settings: Settings) -> list[Standing]:
    """The revision of every hospital's database, by code."""
    targets, unreadable = hospital_targets(settings)
    found = [Standing(tenant_code=each.tenant_code, revision=None, error=each.error) for each in unreadable]
    for target in targets:
        try:
            revision = runner.current(target.parameters, "tenant")
        except Exception as err:  # noqa: BLE001 - a hospital that is away is a line of the answer.
            found.append(Standing(tenant_code=target.tenant_code, revision=None, error=type(err).__name__))
        else:
            found.append(Standing(tenant_code=target.tenant_code, revision=revision))
    return sorted(found, key=lambda each: each.tenant_code)


def hospital_targets(settings: Settings, only: Sequence[str] = ()) -> tuple[list[Target], list[Result]]:
    """Hospitals' databases as their owners, and those whose credential does not open. Raises TenantUnknown."""
    provider = key_provider(settings, PROCESSES["migrate"])
    keychain = Keychain(provider)
    database = central_database(settings, "owner", settings.password_owner, pool_size=1)
    targets: list[Target] = []
    unreadable: list[Result] = []
    try:
        with database.unit_of_work() as uow:
            query = (
                select(Tenant.tenant_code, TenantCredential)
                .join(TenantCredential, TenantCredential.tenant_id == Tenant.id)
                .where(TenantCredential.purpose == "migrate", Tenant.status.in_(_WITH_DATABASE))
                .order_by(Tenant.tenant_code)
            )
            if only:
                query = query.where(Tenant.tenant_code.in_(only))
            rows = uow.session.execute(query).all()
            if set(only) - {code for code, _ in rows}:
                raise TenantUnknown
            store = SqlDataKeyStore(uow)
            for code, row in rows:
                try:
                    password = open_credential(row, keychain=keychain, store=store)
                except SokhamError as err:
                    unreadable.append(Result(tenant_code=code, error=err.code))
                    continue
                targets.append(
                    Target(
                        tenant_code=code,
                        parameters=connection_parameters(
                            host=row.database_host,
                            port=row.database_port,
                            database=row.database_name,
                            user=row.database_username,
                            password=password,
                            application="sokham-migrate",
                            sslrootcert=settings.tls_root_certificate or None,
                        ),
                    )
                )
    finally:
        database.dispose()
        provider.close()
    return targets, unreadable
