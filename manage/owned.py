"""A hospital's database as its owner, for the few things that an operator does inside one."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select

from central.router.public import HospitalMismatch
from kernel.database.engines import Database, engine_for
from kernel.ids import TenantId
from migrations.fleet import Target
from tenant_app.hospital.public import HospitalIdentity


@contextmanager
def owned(target: Target, *, tenant: TenantId) -> Iterator[Database]:
    """The database of `tenant`. Raises HospitalMismatch where it carries another hospital's fingerprint."""
    database = Database(engine_for(target.parameters, pool_size=1, max_overflow=0))
    try:
        with database.unit_of_work() as uow:
            if uow.session.scalar(select(HospitalIdentity.tenant_id)) != tenant:
                raise HospitalMismatch("the database carries another hospital's fingerprint")
        yield database
    finally:
        database.dispose()
