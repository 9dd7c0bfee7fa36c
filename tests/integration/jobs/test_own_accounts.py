"""A hospital's reminders go by its own account where it has one, and nobody else's do."""

from typing import Any

from jobs.reminders import Kind, sms_kind
from kernel.messaging.sms import HttpSms, SmsGateway
from tenant_app.reminders.public import Composer
from tests.support.clinic import Clinic
from tests.support.messages import Gateway, sms_gateway
from tests.support.own_settings import own_sms, set_value
from tests.support.reminding import a_run as run
from tests.support.reminding import booked_patients, make_due, rows_of, send, sender_for, switch_on


def either(operators: Gateway | None, **listed: Gateway) -> Kind[Any]:
    """SMS by the operator's account, or at the gateways of the list with the account that a hospital gives."""

    def channel(gateway: Gateway, token: str, sender: str) -> HttpSms:
        return HttpSms(SmsGateway(url=gateway.url, token=token, sender=sender, timeout_seconds=2.0))

    return sms_kind(
        channel(operators, operators.token, "SOKHAM") if operators else None,
        Composer(),
        {
            name: lambda account, gateway=gateway: channel(gateway, account.secret, account.sender)  # type: ignore[misc]  # bound now
            for name, gateway in listed.items()
        },
    )


def test_each_hospital_sends_by_its_own_account_or_the_operators(clinics: tuple[Clinic, Clinic]) -> None:
    for each in clinics:
        switch_on(each, email_on=False, sms_on=True, hours_before=None)
        booked_patients(each)
        make_due(each.hospital)
    own, other = clinics
    own_sms(own)
    with sms_gateway() as operators, sms_gateway(Gateway(token="rat-bi-mat-9f31")) as theirs:
        for each in clinics:
            send(each.hospital, either(operators, viettel=theirs))
    assert [sms["sender"] for sms in theirs.taken.values()] == ["BVHONGHA"]
    assert [sms["sender"] for sms in operators.taken.values()] == ["SOKHAM"]
    assert rows_of(other.hospital, "status, via") == [("sent", "operator")]
    ((status, via),) = rows_of(own.hospital, "status, via")
    assert (status, via.partition("/")[0]) == ("sent", "viettel")


def test_an_account_that_does_not_work_holds_up_nobody_else_and_falls_back_to_nobody(
    clinics: tuple[Clinic, Clinic],
) -> None:
    for each in clinics:
        switch_on(each, email_on=False, sms_on=True, hours_before=None)
        booked_patients(each)
        make_due(each.hospital)
    own, other = clinics
    own_sms(own, token="falsch")
    with sms_gateway() as operators, sms_gateway() as theirs:
        kind = either(operators, viettel=theirs)
        sender = sender_for([each.hospital for each in clinics], kind)
        for each in clinics:
            sender.send(each.hospital.tenant, run())
        assert rows_of(own.hospital, "status, reason, attempts") == [("pending", "sms_401", 0)]
        assert rows_of(other.hospital, "status") == [("sent",)]
        assert (len(operators.taken), len(theirs.taken)) == (1, 0)
        for change, reason in (("vnpt", "account_incomplete"), ("viettel", "account_incomplete")):
            set_value(own, "messaging.sms_gateway", change)
            make_due(own.hospital)
            send(own.hospital, kind)
            assert rows_of(own.hospital, "reason") == [(reason,)]
        set_value(own, "messaging.sms_gateway", "vnpt")
        set_value(own, "messaging.sms_token", theirs.token)
        make_due(own.hospital)
        send(own.hospital, kind)
        assert rows_of(own.hospital, "reason") == [("no_such_server",)]
        set_value(own, "messaging.sms_gateway", "viettel")
        set_value(own, "messaging.sms_token", theirs.token)
        make_due(own.hospital)
        send(own.hospital, kind)
    assert rows_of(own.hospital, "status") == [("sent",)]
    assert len(theirs.taken) == 1


def test_without_any_account_nothing_goes_and_says_so(clinic: Clinic) -> None:
    switch_on(clinic, email_on=False, sms_on=True, hours_before=None)
    booked_patients(clinic)
    make_due(clinic.hospital)
    send(clinic.hospital, either(None))
    assert rows_of(clinic.hospital, "status, reason") == [("pending", "no_account")]


def test_what_went_by_another_account_is_not_asked_for_at_this_one(clinic: Clinic) -> None:
    """The new gateway has never heard of it; sending again would be twice."""
    switch_on(clinic, email_on=False, sms_on=True, hours_before=None)
    booked_patients(clinic)
    make_due(clinic.hospital)
    with clinic.hospital.superuser() as connection:
        connection.execute(
            "UPDATE appointment_reminders SET status = 'sending', handed_over_at = now() - interval '5 min',"
            " claim_id = uuidv7(), via = 'operator'"
        )
    own_sms(clinic)
    with sms_gateway() as operators, sms_gateway(Gateway(token="rat-bi-mat-9f31")) as theirs:
        send(clinic.hospital, either(operators, viettel=theirs))
    assert rows_of(clinic.hospital, "status, reason") == [("uncertain", "account_changed")]
    assert (operators.taken, theirs.taken) == ({}, {})
