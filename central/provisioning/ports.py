"""What provisioning needs of those above it: the hospital's schema, and what a new hospital starts with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import Conflict
from kernel.ids import TenantId
from kernel.text import N_
from kernel.web.actor import Actor


class AdministratorJoined(Conflict):
    """An administrator of the hospital has joined: from then on it lets its people in itself, and central nobody."""

    code = "administrator_joined"
    title = N_("An administrator of this hospital has joined already")
    advice = N_(
        "Ask the hospital's administrator, who can invite others there. Nobody can be let in from here any more."
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstStaff:
    """The first member of a hospital's staff, who will be its admin."""

    username: str
    email: str
    full_name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NewHospital:
    """A hospital whose database stands and is empty."""

    tenant: TenantId
    tenant_code: str
    name: str
    display_name: str | None
    admin: FirstStaff


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstInvite:
    """The one-time way in for the first member of staff. `token` is shown once and stored nowhere in central."""

    token: str = field(repr=False)
    expires_at: datetime


class HospitalSchema(Protocol):
    """The hospital's migrations; `manage.hospital_schema` has the one over `migrations`."""

    def head(self) -> str:
        """The newest revision."""
        ...

    def build(self, parameters: Mapping[str, Any]) -> None:
        """Migrate an empty database to the head; `parameters` are libpq's, of its owner."""
        ...


class HospitalInitialiser(Protocol):
    """Puts into a new hospital's database what it starts with; `tenant_app` has the one of the product."""

    def initialise(self, *, uow: UnitOfWork, central: UnitOfWork, hospital: NewHospital) -> FirstInvite:
        """Hospital info, standard roles, the first staff user with an invite, the hospital's keys.

        `uow` is on the hospital's database as its owner, with the identity row already there; `central` is on central's
        (for the public half of the sync key). Neither is committed here: the hospital's is committed first. It may run
        again after a kill, with the hospital's part done or not; then the user stays, and gets a fresh invite.
        """
        ...

    def invite_again(self, *, uow: UnitOfWork, tenant_code: str, actor: Actor | None) -> FirstInvite:
        """A new invite for the first administrator, in place of earlier ones, with the hospital's own audit row.

        `uow` is on the hospital's database as its owner, and not committed here; `actor` is an administrator of the
        platform, None at the command line. Raises AdministratorJoined.
        """
        ...
