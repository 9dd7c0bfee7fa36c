"""Writing settings, with what they were before and are now in the audit log; of a secret, that it was set."""

from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from kernel.clock import utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.database.violations import violated
from kernel.errors import InvalidFields, NotFound, PreconditionFailed
from kernel.ids import new_row_id
from kernel.text import N_
from kernel.web.actor import Actor
from keys.public import Keychain
from tenant_app.audit.service import record_rights
from tenant_app.settings.accounts import seal_secret
from tenant_app.settings.catalogue import ACCOUNTS, CATALOGUE
from tenant_app.settings.kinds import NOT_OFFERED, Offers, Setting, Value
from tenant_app.settings.models import SystemConfig
from tenant_app.settings.queries import PORTAL, values

CHOOSE_FIRST: Final = N_("Choose the server first: this belongs to it.")
NEEDED: Final = N_("This is needed.")
ENTER_AGAIN: Final = N_("Enter it: what was set before belongs to another server, or nothing was.")


def change_setting(
    *, uow: UnitOfWork, actor: Actor, key: str, given: object, version: int | None, keychain: Keychain, offers: Offers
) -> None:
    """Set it to a value out of JSON; `version` is the one last seen, 0 for the default, None for whatever it is.

    Whoever chooses another server takes away the secret of the one before. Raises NotFound, InvalidFields,
    PreconditionFailed, KeySourceUnavailable. Where nothing differs, nothing is written.
    """
    setting = _known(key)
    value = setting.parse(given)
    # Locked before the secret, here and when the choice changes: a secret is never sealed for a server that goes.
    server = _server(uow, setting) if setting.is_secret else ""
    found = _locked(uow, key, version)
    old = setting.default if found is None else setting.read(found.config_value)
    if value == old and not setting.is_secret:
        return
    if setting.kind == "choice" and value and value not in offers.of(key):
        raise setting.invalid(NOT_OFFERED)
    row_id = new_row_id() if found is None else found.id
    if setting.is_secret:
        written = seal_secret(uow=uow, keychain=keychain, row_id=row_id, server=server, plain=str(value))
    else:
        written = setting.write(value)
    if found is None:
        uow.session.add(
            SystemConfig(
                id=row_id,
                config_key=key,
                config_value=written,
                config_type=setting.kind,
                is_encrypted=setting.is_secret,
                portal=PORTAL,
                updated_by=actor.id,
            )
        )
    else:
        found.config_value = written
        found.version += 1
        found.updated_at, found.updated_by = utc_now(), actor.id
    try:
        uow.flush()
    except IntegrityError as err:
        if violated(err) == "uq_system_configs_config_key_portal":
            # Somebody else set it for the first time at this moment.
            raise PreconditionFailed from err
        raise
    _record(uow, actor, "settings.change", row_id, setting, old, value)
    if setting.kind == "choice":
        _forget_secrets(uow, actor, key)


def reset_setting(*, uow: UnitOfWork, actor: Actor, key: str, version: int | None = None) -> None:
    """Back to the default. Raises NotFound, PreconditionFailed. Where it holds already, nothing is written."""
    setting = _known(key)
    found = _locked(uow, key, version)
    if found is None:
        return
    old = setting.read(found.config_value)
    uow.session.delete(found)
    uow.flush()
    _record(uow, actor, "settings.reset", found.id, setting, old, setting.default)
    if setting.kind == "choice":
        _forget_secrets(uow, actor, key)


def require_whole(*, uow: UnitOfWork, group: str) -> None:
    """Raises InvalidFields where a group makes an account of which something is missing."""
    account = ACCOUNTS.get(group)
    if account is None or not values(uow=uow)[account.server]:
        return
    set_keys = set(uow.session.scalars(select(SystemConfig.config_key).where(SystemConfig.portal == PORTAL)))
    missing = {key: [ENTER_AGAIN if CATALOGUE[key].is_secret else NEEDED] for key in account.needed}
    errors = {key: said for key, said in missing.items() if key not in set_keys}
    if errors:
        raise InvalidFields(errors=errors)


def _known(key: str) -> Setting:
    if key not in CATALOGUE:
        raise NotFound("setting")
    return CATALOGUE[key]


def _server(uow: UnitOfWork, setting: Setting) -> str:
    """The server that a secret belongs to, held until the end of the transaction. Raises InvalidFields."""
    chosen = _locked(uow, setting.server_key, None)
    server = "" if chosen is None else str(CATALOGUE[setting.server_key].read(chosen.config_value))
    if not server:
        raise setting.invalid(CHOOSE_FIRST)
    return server


def _forget_secrets(uow: UnitOfWork, actor: Actor, server_key: str) -> None:
    for setting in CATALOGUE.values():
        if setting.server_key == server_key:
            reset_setting(uow=uow, actor=actor, key=setting.key)


def _locked(uow: UnitOfWork, key: str, version: int | None) -> SystemConfig | None:
    chosen = select(SystemConfig).where(SystemConfig.config_key == key, SystemConfig.portal == PORTAL)
    found = uow.session.scalars(chosen.with_for_update(), execution_options={"populate_existing": True}).one_or_none()
    if version is not None and (0 if found is None else found.version) != version:
        raise PreconditionFailed
    return found


def _record(uow: UnitOfWork, actor: Actor, action: str, row_id: UUID, setting: Setting, old: Value, new: Value) -> None:
    record_rights(
        uow=uow,
        actor=actor,
        action=action,
        resource_type="setting",
        resource_id=row_id,
        old={} if setting.is_secret else {setting.key: old},
        new={} if setting.is_secret else {setting.key: new},
        changed=(setting.key,) if setting.is_secret else (),
    )
