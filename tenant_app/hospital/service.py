"""Writes about the hospital itself."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm.exc import StaleDataError

from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import NotFound, PreconditionFailed
from kernel.web.actor import Actor
from tenant_app.audit.service import record
from tenant_app.hospital.models import HospitalInfo
from tenant_app.hospital.queries import Hospital, hospital_info
from tenant_app.hospital.rules import parse_details


def change_details(*, uow: UnitOfWork, actor: Actor, version: int, details: Mapping[str, Any]) -> Hospital:
    """Change what the hospital says of itself; what is not named stays, what is empty is taken out.

    `version` is the one last seen. Raises InvalidFields, PreconditionFailed. Where nothing differs, nothing is written.
    """
    found = uow.session.execute(select(HospitalInfo).execution_options(populate_existing=True)).scalar_one_or_none()
    if found is None:
        raise NotFound("hospital_info")
    if found.version != version:
        raise PreconditionFailed
    values = parse_details(details)
    changed = [name for name, value in values.items() if getattr(found, name) != value]
    if changed:
        for name in changed:
            setattr(found, name, values[name])
        try:
            uow.flush()
        except StaleDataError as err:
            raise PreconditionFailed from err
        record(
            uow=uow,
            actor=actor,
            action="hospital.update",
            resource_type="hospital",
            resource_id=found.id,
            changed=changed,
        )
    return hospital_info(uow=uow)
