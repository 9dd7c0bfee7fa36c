"""What other folders may use of the settings."""

from tenant_app.settings.catalogue import CATALOGUE, GROUPS, Setting, Value
from tenant_app.settings.queries import SettingRow, list_settings, values
from tenant_app.settings.service import change_setting, reset_setting

__all__ = [
    "CATALOGUE",
    "GROUPS",
    "Setting",
    "SettingRow",
    "Value",
    "change_setting",
    "list_settings",
    "reset_setting",
    "values",
]
