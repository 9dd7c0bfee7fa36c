"""An end is felt within five seconds: of a session, a right, somebody's work here, a hospital."""

import time
from collections.abc import Callable

import pytest
from sqlalchemy import delete, update

from central import roles
from central.registry.public import Unannounced, suspend
from kernel.clock import utc_now
from live.app import LiveProcess
from live.hub import CONFIRMED_SECONDS
from tenant_app.live.public import Change, queue_topic
from tenant_app.staff.models import Role, StaffSession, User, UserRole
from tests.integration.live.test_changes import call_somebody, hears
from tests.support.clinic import Clinic
from tests.support.live import OpenWindow, SignIn
from tests.support.proxy import Proxy
from tests.support.staff_browser import Browser
from tests.support.waiting import wait_until

WITHIN_SECONDS = 5.0

End = Callable[[Clinic, Browser], None]


def end_session(clinic: Clinic, browser: Browser) -> None:
    with clinic.uow() as uow:
        uow.session.execute(
            update(StaffSession).where(StaffSession.account_id == browser.user_id).values(ended_at=utc_now())
        )
        uow.commit()


def leave_work(clinic: Clinic, browser: Browser) -> None:
    with clinic.uow() as uow:
        uow.session.execute(update(User).where(User.id == browser.user_id).values(status="inactive"))
        uow.commit()


def suspend_hospital(clinic: Clinic, _browser: Browser) -> None:
    with clinic.hospital.central.database(roles.CONSOLE).unit_of_work() as uow:
        suspend(uow=uow, tenant=clinic.hospital.tenant, announcer=Unannounced())
        uow.commit()


@pytest.mark.parametrize("with_redis", [True, False], ids=["redis", "without redis"])
@pytest.mark.parametrize("end", [end_session, leave_work, suspend_hospital])
def test_whoever_may_hear_no_more_is_sent_away_in_time(
    window: OpenWindow, sign_in: SignIn, clinics: tuple[Clinic, Clinic], wire: Proxy, end: End, with_redis: bool
) -> None:
    ours, theirs = clinics
    browser, other = sign_in(ours, "nurse"), sign_in(theirs, "nurse")
    goes, stays = window(browser), window(other)
    assert goes.follow("queue")["following"] == ["queue"]
    stays.follow("queue")
    if not with_redis:
        wire.swallow()
    began = time.monotonic()
    end(ours, browser)
    wait_until(lambda: goes.ended, seconds=WITHIN_SECONDS, what="the end of the connection")
    assert time.monotonic() - began < WITHIN_SECONDS
    assert not stays.ended


def test_a_right_that_is_taken_away_is_felt_in_time(window: OpenWindow, sign_in: SignIn, clinic: Clinic) -> None:
    doctor, nurse = sign_in(clinic, "doctor"), sign_in(clinic, "nurse")
    line = queue_topic(clinic.department_id)
    watching, control = window(nurse), window(doctor)
    watching.follow(line, "day:2026-01-01")
    control.follow(line)
    with clinic.uow() as uow:
        bare = Role(name="Không xem hàng chờ", permissions=["appointment.read"])
        uow.session.add(bare)
        uow.flush()
        uow.session.execute(delete(UserRole).where(UserRole.user_id == nurse.user_id))
        uow.session.add(UserRole(user_id=nurse.user_id, role_id=bare.id))
        uow.commit()
    wait_until(lambda: watching.told("withdrawn"), seconds=WITHIN_SECONDS, what="the withdrawal")
    assert watching.told("withdrawn") == [{"topics": [line]}]
    call_somebody(clinic, doctor)
    hears(control, line)
    assert not watching.ended
    assert watching.topics_told() == set()
    assert watching.follow(line, "queue")["following"] == []


def test_where_a_second_factor_is_demanded_and_not_proven_nothing_is_followed(
    window: OpenWindow, sign_in: SignIn, clinic: Clinic
) -> None:
    nurse = sign_in(clinic, "nurse")
    watching = window(nurse)
    assert watching.follow("queue")["following"] == ["queue"]
    with clinic.uow() as uow:
        uow.session.execute(update(Role).where(Role.name == "nurse").values(mfa_required=True))
        uow.commit()
    wait_until(lambda: watching.told("withdrawn"), seconds=WITHIN_SECONDS, what="the withdrawal")
    assert window(nurse).follow("queue")["following"] == []
    with clinic.uow() as uow:
        uow.session.execute(
            update(StaffSession).where(StaffSession.account_id == nurse.user_id).values(mfa_at=utc_now())
        )
        uow.commit()
    assert window(nurse).follow("queue")["following"] == ["queue"]


def test_nothing_is_told_while_a_hospital_cannot_be_asked(
    window: OpenWindow, sign_in: SignIn, clinics: tuple[Clinic, Clinic], live: LiveProcess
) -> None:
    """Its database is away: whoever was revoked there meanwhile cannot be known. The other hospital feels nothing."""
    ours, theirs = clinics
    watching, elsewhere = window(sign_in(ours, "receptionist")), window(sign_in(theirs, "receptionist"))
    watching.follow("queue")
    elsewhere.follow("queue")
    name = ours.hospital.database_name
    with ours.hospital.central.superuser() as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
    wait_until(lambda: {"behind": True} in watching.told("state"), what="word that nothing is heard")
    change = Change(kind="queue")
    live.hub.deliver(ours.hospital.tenant, "1-1", change)
    live.hub.deliver(theirs.hospital.tenant, "1-1", change)
    hears(elsewhere, "queue")
    assert watching.topics_told() == set()
    with ours.hospital.central.superuser() as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    wait_until(lambda: {"behind": False} in watching.told("state"), seconds=40, what="word that it is heard again")
    wait_until(lambda: watching.told("reload"), what="the reload")
    assert elsewhere.told("state") == []


def test_the_bound_stands_below_five_seconds() -> None:
    """Nothing is told later than this after the beginning of the last look, which is the last to miss an end."""
    assert CONFIRMED_SECONDS < WITHIN_SECONDS
