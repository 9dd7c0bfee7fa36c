"""A hospital is made whole, resumes after a kill at any step, and is closed to all others."""

from central.registry.public import credentials_of, tenant_by_id
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital


def test_a_new_hospital_is_active_and_answers_as_itself(
    central: CentralDatabase, two_hospitals: tuple[Hospital, Hospital]
) -> None:
    for hospital in two_hospitals:
        with central.database().unit_of_work() as uow:
            assert tenant_by_id(uow=uow, tenant=hospital.tenant).status == "active"
            assert len(credentials_of(uow=uow, tenant=hospital.tenant)) == 5
        with hospital.connect("app") as connection:
            assert connection.execute("SELECT tenant_id FROM hospital_identity").fetchall() == [(hospital.tenant,)]
