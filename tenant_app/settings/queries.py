"""Reading settings: what holds now, and since when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import NotFound
from tenant_app.settings.catalogue import CATALOGUE
from tenant_app.settings.kinds import Setting, Value
from tenant_app.settings.models import SystemConfig
from tenant_app.staff.models import User

PORTAL = "hospital"


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingRow:
    """A setting as it holds now; version 0 is the default, for which there is no row. A secret's value is not here."""

    setting: Setting
    value: Value
    version: int
    updated_at: datetime | None
    updated_by: str | None

    @property
    def key(self) -> str:
        """The setting's key."""
        return self.setting.key

    @property
    def is_default(self) -> bool:
        """Whether nobody has set it."""
        return self.version == 0

    @property
    def shown(self) -> Value | None:
        """The value as people may see it."""
        return None if self.setting.is_secret else self.value


def values(*, uow: UnitOfWork) -> Mapping[str, Value]:
    """Every setting's value; the sealer's role may ask too."""
    rows = uow.session.execute(
        select(SystemConfig.config_key, SystemConfig.config_value).where(SystemConfig.portal == PORTAL)
    )
    stored = {key: value for key, value in rows if key in CATALOGUE}
    return {key: setting.read(stored[key]) if key in stored else setting.default for key, setting in CATALOGUE.items()}


def list_settings(*, uow: UnitOfWork) -> list[SettingRow]:
    """Every setting in the catalogue's order, with who changed it last."""
    rows = uow.session.execute(
        select(
            SystemConfig.config_key,
            SystemConfig.config_value,
            SystemConfig.version,
            SystemConfig.updated_at,
            User.full_name,
        )
        .outerjoin(User, User.id == SystemConfig.updated_by)
        .where(SystemConfig.portal == PORTAL)
    )
    stored = {row.config_key: row for row in rows}
    listed = []
    for key, setting in CATALOGUE.items():
        row = stored.get(key)
        listed.append(
            SettingRow(
                setting=setting,
                value=setting.default if row is None else setting.read(row.config_value),
                version=0 if row is None else row.version,
                updated_at=None if row is None else row.updated_at,
                updated_by=None if row is None else row.full_name,
            )
        )
    return listed


def one_setting(*, uow: UnitOfWork, key: str) -> SettingRow:
    """One setting. Raises NotFound."""
    for row in list_settings(uow=uow):
        if row.key == key:
            return row
    raise NotFound("setting")
