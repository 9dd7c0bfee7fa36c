"""One patient of the demo has an account, at both hospitals, made as a patient makes it: by code, over the portal.

Then the hospitals do what they would do on a day, so that the patient's bell has something to tell.
"""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import select

from central.router.public import TenantRouter
from kernel.clock import local_today, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import SokhamError
from kernel.ids import TenantId
from kernel.settings import Settings
from kernel.web.actor import Actor
from manage.demo.hospitals import DEMO_HOSPITALS
from manage.demo.people import Person, people_of_both
from manage.demo.visits import staff_actor
from manage.wiring.patient import patient_app
from manage.wiring.portals import close_portal
from tenant_app.appointments.public import Booking, Filter, act, book, doctor_day, list_appointments
from tenant_app.patients.public import PatientIdentifier, portal_state
from tenant_app.portal.public import issue_code
from tenant_app.staff.public import User, active_doctors

_FORTNIGHT: Final = 14


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
    _confirm_coming(router, first, somebody)
    _ask_back(router, second, somebody)
    return somebody


def _confirm_coming(router: TenantRouter, tenant: TenantId, somebody: Person) -> None:
    """The desk confirms the appointments that are ahead."""
    with router.unit_of_work(tenant) as uow:
        desk, patient_id = _desk(uow), _patient(uow, somebody)
        ahead = Filter(patient_id=patient_id, since=local_today() + timedelta(days=1), status="scheduled")
        for row in list_appointments(uow=uow, wanted=ahead).items:
            act(uow=uow, actor=desk, appointment_id=row.id, action="confirm")
        uow.commit()


def _ask_back(router: TenantRouter, tenant: TenantId, somebody: Person) -> None:
    """A doctor wants to see the patient again in a fortnight: the desk takes the first time that is free then."""
    with router.unit_of_work(tenant) as uow:
        doctor = active_doctors(uow=uow)[0]
        for ahead in range(_FORTNIGHT, 2 * _FORTNIGHT):
            day = local_today() + timedelta(days=ahead)
            for slot in doctor_day(uow=uow, doctor_id=doctor.id, day=day).free(now=utc_now())[:1]:
                department_id = slot.department_id or doctor.department_id
                if department_id is None:
                    continue
                booking = Booking(
                    patient_id=_patient(uow, somebody),
                    doctor_id=doctor.id,
                    department_id=department_id,
                    appointment_date=day,
                    start_time=slot.start,
                    end_time=slot.end,
                    appointment_type="follow_up",
                    reason="Tái khám theo hẹn của bác sĩ",
                )
                book(uow=uow, actor=_desk(uow), booking=booking)
                uow.commit()
                return


def _code(router: TenantRouter, tenant: TenantId, somebody: Person) -> str | None:
    """An activation code from the desk, or None where the account stands already."""
    with router.unit_of_work(tenant) as uow:
        patient_id = _patient(uow, somebody)
        if portal_state(uow=uow, patient_id=patient_id).has_account:
            return None
        issued = issue_code(uow=uow, actor=_desk(uow), patient_id=patient_id)
        uow.commit()
        return issued.activation_code


def _desk(uow: UnitOfWork) -> Actor:
    desk: UUID = uow.session.execute(select(User.id).where(User.username == "letan")).scalar_one()
    return staff_actor(desk, "", "receptionist")


def _patient(uow: UnitOfWork, somebody: Person) -> UUID:
    found: UUID = uow.session.execute(
        select(PatientIdentifier.patient_id).where(PatientIdentifier.value == somebody.cccd)
    ).scalar_one()
    return found


def _post(client: FlaskClient, path: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> Any:
    answer = client.post(path, json=body, headers=headers)
    if answer.status_code >= 400:
        raise DemoPatientFailed(f"{path} answered {answer.status_code}")
    return answer.get_json(silent=True)
