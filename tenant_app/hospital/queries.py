"""Reading what the hospital says of itself."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from kernel.database.rows import known_row_as
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import NotFound
from tenant_app.hospital.models import HospitalInfo


@dataclass(frozen=True, slots=True)
class Hospital:
    """What anyone at the hospital may know of it."""

    tenant_code: str
    name: str
    display_name: str | None
    address: str | None
    phone: str | None
    email: str | None
    website: str | None
    license_number: str | None
    tax_code: str | None
    business_hours: dict[str, Any] | None
    version: int


def hospital_info(*, uow: UnitOfWork) -> Hospital:
    """The hospital whose database this is. Raises NotFound in one that was never initialised."""
    info = HospitalInfo
    return known_row_as(
        Hospital,
        uow.session.execute(
            select(
                info.tenant_code,
                info.name,
                info.display_name,
                info.address,
                info.phone,
                info.email,
                info.website,
                info.license_number,
                info.tax_code,
                info.business_hours,
                info.version,
            )
        ),
        what="hospital_info",
    )


def tenant_code(*, uow: UnitOfWork) -> str:
    """The hospital's code: the route tag of invites and codes. Raises NotFound as above."""
    code = uow.session.execute(select(HospitalInfo.tenant_code)).scalar_one_or_none()
    if code is None:
        raise NotFound("hospital_info")
    return code
