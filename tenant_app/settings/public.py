"""What other folders may use of the settings."""

from tenant_app.settings.accounts import AccountIncomplete, OwnAccount, own_account
from tenant_app.settings.catalogue import ACCOUNTS, CATALOGUE, GROUPS
from tenant_app.settings.kinds import Offers, Setting, Value
from tenant_app.settings.queries import SettingRow, list_settings, values
from tenant_app.settings.service import change_setting, require_whole, reset_setting

__all__ = [
    "ACCOUNTS",
    "CATALOGUE",
    "GROUPS",
    "AccountIncomplete",
    "Offers",
    "OwnAccount",
    "Setting",
    "SettingRow",
    "Value",
    "change_setting",
    "list_settings",
    "own_account",
    "require_whole",
    "reset_setting",
    "values",
]
