"""A child's SMS go to the guardian who is marked as such; everybody else's to themselves."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from tenant_app.appointments.public import book
from tenant_app.patients.public import NewContact, add_contact, end_contact
from tenant_app.reminders.public import reminders_of
from tests.support.clinic import Clinic, tomorrow
from tests.support.messages import sms_gateway
from tests.support.reminding import make_due, send, sms_to, switch_on

OWN = "0912345678"
MOTHER = NewContact(full_name="Lê Thị Hoa", phone="0987654321", relation="mẹ", is_guardian=True)


def visit(clinic: Clinic, *, born: date, phone: str = OWN, start: str = "09:00") -> tuple[UUID, UUID]:
    """An appointment in three days of somebody born on a day; the patient's and the appointment's id."""
    patient = clinic.born(born)
    with clinic.hospital.superuser() as connection:
        connection.execute("UPDATE patients SET phone = %s WHERE id = %s", (phone, patient))
    end = start[:3] + "20"
    with clinic.uow() as uow:
        wanted = clinic.booking(patient, start=start, end=end, day=tomorrow() + timedelta(days=2))
        made = book(uow=uow, actor=clinic.admin, booking=wanted)
        uow.commit()
    return patient, made.id


def contact(clinic: Clinic, patient: UUID, **other: Any) -> UUID:
    """Somebody to call, by default the mother as guardian."""
    with clinic.uow() as uow:
        made = add_contact(uow=uow, actor=clinic.admin, patient_id=patient, new=replace(MOTHER, **other))
        uow.commit()
    return made.id


def sent_to(clinic: Clinic) -> list[str]:
    """Whom the SMS reached, once all that is planned is due."""
    make_due(clinic.hospital)
    with sms_gateway() as gateway:
        send(clinic.hospital, sms_to(gateway))
    return sorted(sms["to"] for sms in gateway.taken.values())


def years_before_the_visit(years: int) -> date:
    day = tomorrow() + timedelta(days=2)
    return day.replace(year=day.year - years) if (day.month, day.day) != (2, 29) else date(day.year - years, 2, 28)


def test_a_childs_guardian_is_reminded_and_nobody_elses(clinic: Clinic) -> None:
    switch_on(clinic, email_on=False, sms_on=True, hours_before=None)
    child, _ = visit(clinic, born=years_before_the_visit(8), start="08:00")
    contact(clinic, child, full_name="Lê Văn Tư", phone="0909090909", is_guardian=False)
    contact(clinic, child)
    adult, _ = visit(clinic, born=date(1960, 1, 2), phone="0933333333", start="09:00")
    contact(clinic, adult)
    # Sixteen on the day of the visit: no child any more.
    grown, _ = visit(clinic, born=years_before_the_visit(16), phone="0944444444", start="10:00")
    contact(clinic, grown)
    assert sent_to(clinic) == ["+84933333333", "+84944444444", "+84987654321"]


def test_a_child_without_a_telephone_is_reminded_through_the_guardian(clinic: Clinic) -> None:
    switch_on(clinic, email_on=False, sms_on=True, hours_before=None)
    child, appointment = visit(clinic, born=years_before_the_visit(3), phone="")
    with clinic.uow() as uow:
        assert {row.obstacle for row in reminders_of(uow=uow, appointment_id=appointment)} == {"no_address"}
    mother = contact(clinic, child)
    with clinic.uow() as uow:
        assert {row.obstacle for row in reminders_of(uow=uow, appointment_id=appointment)} == {None}
        end_contact(uow=uow, actor=clinic.admin, patient_id=child, contact_id=mother, reason="ended")
        assert {row.obstacle for row in reminders_of(uow=uow, appointment_id=appointment)} == {"no_address"}
        uow.commit()
    contact(clinic, child)
    contact(clinic, child, full_name="Trần Văn Ba", phone="0977777777", call_first=True)
    assert sent_to(clinic) == ["+84977777777"], "the one to call first"


def test_a_mail_goes_where_it_went(clinic: Clinic) -> None:
    """A contact has no e-mail address; the child's record may hold the parents'."""
    switch_on(clinic, email_on=True, sms_on=False, hours_before=None)
    child, appointment = visit(clinic, born=years_before_the_visit(3))
    contact(clinic, child)
    with clinic.uow() as uow:
        assert {row.obstacle for row in reminders_of(uow=uow, appointment_id=appointment)} == {"no_address"}
    with clinic.hospital.superuser() as connection:
        connection.execute("UPDATE patients SET email = 'me@vidu.example' WHERE id = %s", (child,))
    with clinic.uow() as uow:
        assert {row.obstacle for row in reminders_of(uow=uow, appointment_id=appointment)} == {None}
