"""One patient of the demo has an account, at both hospitals, made as a patient makes it: by code, over the portal."""

from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import select

from central.router.public import TenantRouter
from kernel.errors import SokhamError
from kernel.ids import TenantId
from kernel.settings import Settings
from manage.demo.hospitals import DEMO_HOSPITALS
from manage.demo.people import Person, people_of_both
from manage.demo.visits import staff_actor
from manage.wiring.patient import patient_app
from manage.wiring.portals import close_portal
from tenant_app.patients.public import PatientIdentifier, portal_state
from tenant_app.portal.public import issue_code
from tenant_app.staff.public import User


class DemoPatientFailed(SokhamError):
    """The patient portal refused what the demo asked of it."""

    code = "demo_patient_failed"


def make_patient_account(*, router: TenantRouter, settings: Settings, password: str) -> Person:
    """Activate at the first hospital and link the second; safe to repeat. `settings` are the patient portal's."""
    somebody = people_of_both(1)[0]
    first, second = (router.lookup.by_code(hospital.code).tenant for hospital in DEMO_HOSPITALS)
    code = _code(router, first, somebody)
    if code is None:
        return somebody
    portal = patient_app(settings)
    try:
        client = portal.test_client()
        body = {"cccd": somebody.cccd, "activation_code": code, "password": password}
        tokens = _post(client, "/api/v1/auth/activate", body)
        other = _code(router, second, somebody)
        if other is not None:
            bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
            _post(client, "/api/v1/hospitals/link", {"activation_code": other}, headers=bearer)
    finally:
        close_portal(portal)
    return somebody


def _code(router: TenantRouter, tenant: TenantId, somebody: Person) -> str | None:
    """An activation code from the desk, or None where the account stands already."""
    with router.unit_of_work(tenant) as uow:
        desk: UUID = uow.session.execute(select(User.id).where(User.username == "letan")).scalar_one()
        patient_id = uow.session.execute(
            select(PatientIdentifier.patient_id).where(PatientIdentifier.value == somebody.cccd)
        ).scalar_one()
        if portal_state(uow=uow, patient_id=patient_id).has_account:
            return None
        issued = issue_code(uow=uow, actor=staff_actor(desk, "", "receptionist"), patient_id=patient_id)
        uow.commit()
        return issued.activation_code


def _post(client: FlaskClient, path: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> Any:
    answer = client.post(path, json=body, headers=headers)
    if answer.status_code >= 400:
        raise DemoPatientFailed(f"{path} answered {answer.status_code}")
    return answer.get_json(silent=True)
