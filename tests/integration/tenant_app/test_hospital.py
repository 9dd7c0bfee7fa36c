"""The hospital's own details: changed by its administrators only, noted, and never somebody else's."""

import pytest
from sqlalchemy import select

from kernel.errors import PreconditionFailed
from tenant_app.audit.models import AuditLog
from tenant_app.hospital.public import HospitalInfo, change_details, hospital_info
from tests.support.clinic import Clinic


def test_details_are_changed_and_noted_without_their_values(clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    with clinic.uow() as uow:
        before = hospital_info(uow=uow)
        details = {"phone": "1900 1234", "address": "128 phố Bạch Mai, Hà Nội"}
        after = change_details(uow=uow, actor=clinic.admin, version=before.version, details=details)
        uow.commit()
    assert (after.phone, after.version, after.name) == ("19001234", before.version + 1, before.name)
    with clinic.uow() as uow:
        log = uow.session.scalars(select(AuditLog).where(AuditLog.action == "hospital.update")).one()
        assert log.changed == ["address", "phone"]
        again = change_details(uow=uow, actor=clinic.admin, version=after.version, details={"phone": "19001234"})
        assert again.version == after.version, "nothing differs"
    with other.uow() as uow:
        assert hospital_info(uow=uow).phone is None


def test_two_who_change_at_once(clinic: Clinic) -> None:
    """The second one saw what is no longer so, before or while it writes."""
    with clinic.uow() as first, clinic.uow() as second:
        seen = hospital_info(uow=second).version
        second.session.scalars(select(HospitalInfo)).one()
        change_details(uow=first, actor=clinic.admin, version=seen, details={"phone": "19001111"})
        first.commit()
        with pytest.raises(PreconditionFailed):
            change_details(uow=second, actor=clinic.admin, version=seen, details={"phone": "19002222"})
    with clinic.uow() as uow:
        assert hospital_info(uow=uow).phone == "19001111"
