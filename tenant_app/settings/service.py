"""Writing settings, with what they were before and are now in the audit log."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from kernel.clock import utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.database.violations import violated
from kernel.errors import NotFound, PreconditionFailed
from kernel.ids import new_row_id
from kernel.web.actor import Actor
from tenant_app.audit.service import record_rights
from tenant_app.settings.catalogue import CATALOGUE, Setting, Value
from tenant_app.settings.models import SystemConfig
from tenant_app.settings.queries import PORTAL


def change_setting(*, uow: UnitOfWork, actor: Actor, key: str, given: object, version: int) -> None:
    """Set it to a value out of JSON; `version` is the one last seen, 0 for the default.

    Raises NotFound, InvalidFields, PreconditionFailed. Where nothing differs, nothing is written.
    """
    setting = _known(key)
    value = setting.parse(given)
    found = _locked(uow, key, version)
    old = setting.default if found is None else setting.read(found.config_value)
    if value == old:
        return
    if found is None:
        found = SystemConfig(
            id=new_row_id(),
            config_key=key,
            config_value=setting.write(value),
            config_type=setting.kind,
            portal=PORTAL,
            updated_by=actor.id,
        )
        uow.session.add(found)
    else:
        found.config_value = setting.write(value)
        found.version += 1
        found.updated_at, found.updated_by = utc_now(), actor.id
    try:
        uow.flush()
    except IntegrityError as err:
        if violated(err) == "uq_system_configs_config_key_portal":
            # Somebody else set it for the first time at this moment.
            raise PreconditionFailed from err
        raise
    _record(uow, actor, "settings.change", found.id, key, old, value)


def reset_setting(*, uow: UnitOfWork, actor: Actor, key: str, version: int | None = None) -> None:
    """Back to the default. Raises NotFound, PreconditionFailed. Where it holds already, nothing is written."""
    setting = _known(key)
    found = _locked(uow, key, version)
    if found is None:
        return
    old = setting.read(found.config_value)
    uow.session.delete(found)
    uow.flush()
    _record(uow, actor, "settings.reset", found.id, key, old, setting.default)


def _known(key: str) -> Setting:
    if key not in CATALOGUE:
        raise NotFound("setting")
    return CATALOGUE[key]


def _locked(uow: UnitOfWork, key: str, version: int | None) -> SystemConfig | None:
    chosen = select(SystemConfig).where(SystemConfig.config_key == key, SystemConfig.portal == PORTAL)
    found = uow.session.scalars(chosen.with_for_update(), execution_options={"populate_existing": True}).one_or_none()
    if version is not None and (0 if found is None else found.version) != version:
        raise PreconditionFailed
    return found


def _record(uow: UnitOfWork, actor: Actor, action: str, row_id: UUID, key: str, old: Value, new: Value) -> None:
    record_rights(
        uow=uow,
        actor=actor,
        action=action,
        resource_type="setting",
        resource_id=row_id,
        old={key: old},
        new={key: new},
    )
