"""Activation codes: one live code, five tries, one use, one answer for all that is wrong."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from central.auth.public import InvalidSecret
from central.patient_index.public import parse_identifier
from kernel.clock import utc_now
from kernel.errors import NotFound
from kernel.ids import new_row_id
from manage.demo.people import Person, person
from tenant_app.patients.public import PatientInactive, Registration, portal_state, register
from tenant_app.portal.public import NoIdentifier, Redeemed, issue_code, new_code, parse_code, redeem_code
from tests.support.clinic import Clinic


def _issue(clinic: Clinic, who: Person) -> str:
    patient = clinic.patient(who)
    with clinic.uow() as uow:
        issued = issue_code(uow=uow, actor=clinic.admin, patient_id=patient.patient.id)
        uow.commit()
    assert timedelta(hours=71) < issued.expires_at - utc_now() <= timedelta(hours=72)
    return issued.activation_code


def _redeem(clinic: Clinic, who: Person, code: str) -> Redeemed | None:
    with clinic.uow("portal") as uow:
        try:
            return redeem_code(uow=uow, identifier=parse_identifier("cccd", who.cccd), code=parse_code(code))
        except InvalidSecret:
            return None
        finally:
            uow.commit()


def test_a_code_opens_once_at_its_own_hospital(clinics: tuple[Clinic, Clinic]) -> None:
    """Typed in lower case without hyphens it is the same code; the second time, and elsewhere, it is none."""
    clinic, other = clinics
    who = person()
    other.patient(who)
    code = _issue(clinic, who)
    assert code.startswith(f"{clinic.hospital.tenant_code}.")
    assert _redeem(other, who, code) is None
    tag, secret = code.split(".")
    redeemed = _redeem(clinic, who, f" {tag}.{secret.lower().replace('-', ' ')} ")
    assert redeemed is not None
    assert redeemed.account_id is None
    assert _redeem(clinic, who, code) is None


def test_five_tries_and_no_more(clinic: Clinic) -> None:
    """The tries are counted in the database; the sixth attempt fails even with the right code."""
    who = person()
    code = _issue(clinic, who)
    for _ in range(5):
        assert _redeem(clinic, who, new_code(clinic.hospital.tenant_code).text) is None
    assert _redeem(clinic, who, code) is None


def test_a_wrong_try_does_not_spoil_the_right_one(clinic: Clinic) -> None:
    """Four slips are forgiven."""
    who = person()
    code = _issue(clinic, who)
    for _ in range(4):
        assert _redeem(clinic, who, new_code(clinic.hospital.tenant_code).text) is None
    assert _redeem(clinic, who, code) is not None


def test_a_new_code_replaces_the_one_before(clinic: Clinic) -> None:
    """One live code a patient."""
    who = person()
    first = _issue(clinic, who)
    with clinic.uow() as uow:
        patient_id = uow.session.scalars(select(text("id")).select_from(text("patients"))).one()
        second = issue_code(uow=uow, actor=clinic.admin, patient_id=patient_id).activation_code
        assert portal_state(uow=uow, patient_id=patient_id).code_expires_at is not None
        uow.commit()
    assert _redeem(clinic, who, first) is None
    assert _redeem(clinic, who, second) is not None


def test_an_expired_code_opens_nothing(clinic: Clinic) -> None:
    """After 72 hours."""
    who = person()
    code = _issue(clinic, who)
    with clinic.hospital.superuser() as connection:
        connection.execute("UPDATE portal_invites SET expires_at = now() - interval '1 second'")
    assert _redeem(clinic, who, code) is None


def test_who_gets_no_code(clinic: Clinic) -> None:
    """Nobody unknown, nobody without a number to sign in with, nobody whose record is closed."""
    who = person()
    with clinic.uow() as uow:
        with pytest.raises(NotFound):
            issue_code(uow=uow, actor=clinic.admin, patient_id=new_row_id())
        new = Registration(full_name=who.full_name, date_of_birth=who.date_of_birth, gender=who.gender)
        numberless = register(uow=uow, actor=clinic.admin, new=new)
        with pytest.raises(NoIdentifier):
            issue_code(uow=uow, actor=clinic.admin, patient_id=numberless.patient.id)
        uow.session.execute(text("UPDATE patients SET status = 'deceased'"))
        with pytest.raises(PatientInactive):
            issue_code(uow=uow, actor=clinic.admin, patient_id=numberless.patient.id)


def test_staff_cannot_read_the_hash_of_a_code(clinic: Clinic) -> None:
    """Not even the portal's role: only the function that redeems compares it."""
    _issue(clinic, person())
    for purpose in ("app", "portal"):
        with clinic.hospital.connect(purpose) as connection, pytest.raises(Exception, match="permission denied"):
            connection.execute("SELECT code_hash FROM portal_invites")
