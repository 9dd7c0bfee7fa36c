"""While hospitals are away: what signing in answers does not depend on whose number it is."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask import render_template

from central.router.breaker import FAILURES_TO_OPEN
from central.router.public import RedisOutages
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from manage.demo.people import Person, person
from tests.support.patient_portal import (
    GOOD_PASSWORD,
    OTHER_PASSWORD,
    PatientPortal,
    away,
    csrf_token,
    outside,
    suspend_now,
)
from tests.support.waiting import wait_until

pytestmark = pytest.mark.usefixtures("redis")

Checks = Callable[[], int]


def test_where_somebody_is_a_patient_does_not_show_while_that_hospital_is_away(
    portal: PatientPortal, checks: Checks
) -> None:
    here, there = portal.clinics
    well, lost, stranger = portal.activated(here), portal.activated(there), person()
    outages: RedisOutages = portal.collaborator(RedisOutages)
    code = there.hospital.tenant_code

    def the_one_answer() -> dict[str, Any]:
        answers = []
        for who, password in (
            (lost.who, GOOD_PASSWORD),
            (stranger, GOOD_PASSWORD),
            (lost.who, OTHER_PASSWORD),
            (well.who, OTHER_PASSWORD),
        ):
            answers.append(outside(portal.sign_in(who, password)))
            assert checks() == 2
        assert all(answer == answers[0] for answer in answers)
        return answers[0]

    checks()
    usual = outside(portal.sign_in(stranger))
    assert (usual["status"], usual["body"]["unavailable"]) == (401, [])
    checks()
    with away(there.hospital):
        # Also while the breaker of this process opens, and when it is open: that happens because of one number.
        for _ in range(FAILURES_TO_OPEN):
            assert the_one_answer() == usual
        outages.away(there.hospital.tenant)
        warned = the_one_answer()
        assert (warned["status"], warned["body"]["unavailable"]) == (401, [code])
        assert warned["headers"].pop("Retry-After")
        assert warned["headers"] == usual["headers"]
        assert {**warned["body"], "unavailable": []} == usual["body"]
        # Who names the hospital is told of it, whether they are a patient there or nowhere.
        named = [outside(portal.sign_in(who, tenant=code)) for who in (lost.who, stranger, well.who)]
        assert all(int(each["headers"].pop("Retry-After")) >= 1 for each in named)
        assert all(each == named[0] for each in named)
        assert (named[0]["status"], named[0]["body"]["code"]) == (503, "hospital_unavailable")
        assert checks() == 6
    outages.answers(there.hospital.tenant)
    assert outside(portal.sign_in(stranger)) == usual
    wait_until(lambda: portal.sign_in(lost.who).status_code == 200, what="the breaker's next trial")


def test_a_hospital_that_hangs_is_not_waited_for_again(portal: PatientPortal, monkeypatch: pytest.MonkeyPatch) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    outages: RedisOutages = portal.collaborator(RedisOutages)
    asked: list[TenantId] = []
    real = portal.router.unit_of_work

    def asking(tenant: TenantId) -> UnitOfWork:
        asked.append(tenant)
        return real(tenant)

    monkeypatch.setattr(portal.router, "unit_of_work", asking)
    # What the worker alone does not reach is no reason to turn anybody away.
    outages.away(clinic.hospital.tenant)
    assert portal.sign_in(member.who).status_code == 200
    with away(clinic.hospital):
        asked.clear()
        assert portal.sign_in(member.who).status_code == 401
        assert asked == [clinic.hospital.tenant]
        # Now this process has found it too.
        assert portal.sign_in(member.who).status_code == 401
        assert asked == [clinic.hospital.tenant]
        assert portal.sign_in(member.who, tenant=clinic.hospital.tenant_code).status_code == 503
        assert len(asked) == 2
    outages.answers(clinic.hospital.tenant)
    assert portal.sign_in(member.who).status_code == 200


@pytest.mark.usefixtures("quick_routes")
def test_the_page_warns_of_hospitals_that_are_away_whoever_signs_in(portal: PatientPortal) -> None:
    here, there = portal.clinics
    well, lost, stranger = portal.activated(here), portal.activated(there), person()
    outages: RedisOutages = portal.collaborator(RedisOutages)

    def page(who: Person) -> str:
        client = portal.client()
        token = csrf_token(client.get("/sign-in"))
        answer = client.post("/sign-in", data={"cccd": who.cccd, "password": OTHER_PASSWORD, "csrf_token": token})
        assert answer.status_code == 401
        return re.sub("|".join((who.cccd, csrf_token(answer), answer.headers["X-Request-Id"])), "…", answer.text)

    usual = page(stranger)
    assert there.hospital.name not in usual
    with away(there.hospital):
        assert {page(who) for who in (well.who, lost.who, stranger)} == {usual}
        outages.away(there.hospital.tenant)
        warned = {page(who) for who in (well.who, lost.who, stranger)}
    assert len(warned) == 1
    assert there.hospital.name in warned.pop()
    # Of those that are suspended meanwhile, or are none, nothing is said.
    outages.away(TenantId.parse(uuid4()))
    suspend_now(portal, there.hospital)
    assert page(lost.who) == usual


def test_of_many_hospitals_the_page_names_none(portal: PatientPortal) -> None:
    names = ["Bệnh viện Một", "Bệnh viện Hai", "Bệnh viện Ba", "Bệnh viện Bốn"]
    with portal.app.test_request_context():
        few, many = (
            render_template("patient/sign_in.html", errors={}, message="…", away=away, form={})
            for away in (names[:3], names)
        )
    assert all(name in few for name in names[:3])
    assert not any(name in many for name in names)
    assert "một số bệnh viện" in many
