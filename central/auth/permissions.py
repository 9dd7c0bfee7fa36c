"""What an administrator's role may do. Permissions are data; these are the ones that roles bring."""

from collections.abc import Mapping
from typing import Final

from kernel.text import N_

# Name → what it is for, as the console shows it.
PERMISSIONS: Final[Mapping[str, str]] = {
    "tenant.read": N_("See hospitals"),
    "tenant.create": N_("Create hospitals"),
    "tenant.update": N_("Change a hospital's name and quotas"),
    "tenant.suspend": N_("Suspend and resume hospitals"),
    "tenant.credentials": N_("Exchange a hospital's database credentials"),
    "patient_index.lookup": N_("Look up in which hospitals a person is a patient"),
    "sync.read": N_("See synchronisation"),
    "sync.dead_letters": N_("Replay and discard dead letters"),
    "administrator.read": N_("See administrators"),
    "administrator.invite": N_("Invite administrators"),
    "administrator.manage": N_("Take an administrator's lost second factor away"),
    "audit.read": N_("Read the audit log"),
    "security.read": N_("See security events"),
}

ROLES: Final[Mapping[str, frozenset[str]]] = {
    "super_admin": frozenset(PERMISSIONS),
    "technician": frozenset(
        {"tenant.read", "tenant.update", "tenant.credentials", "sync.read", "sync.dead_letters", "security.read"}
    ),
    "support": frozenset({"tenant.read", "sync.read", "patient_index.lookup"}),
}
