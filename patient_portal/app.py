"""The patient portal as a Flask app: pages for people, /api/v1 for programs."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from flask import Flask

import central
import tenant_app
from central.auth.public import Gate, factor_pages
from central.gateway import public as gateway
from central.router.public import HospitalHosts, RedisOutages, TenantRouter
from kernel.passwords import Passwords
from kernel.settings import Settings
from kernel.text import N_
from kernel.web import api
from kernel.web.app import NavItem, Portal, base_app, finish
from kernel.web.collaborators import provide
from kernel.web.health import Check
from keys.public import Keychain
from patient_portal import wording
from patient_portal.api.appointments import blueprint as appointments
from patient_portal.api.auth import blueprint as auth
from patient_portal.api.me import blueprint as me
from patient_portal.api.notices import blueprint as own_notices
from patient_portal.api.queue import blueprint as own_queue
from patient_portal.api.reminders import blueprint as reminder_wishes
from patient_portal.auth.activation import PatientActivation
from patient_portal.auth.factors import PatientFactors, PatientSecondFactor
from patient_portal.auth.gatekeeper import PatientGatekeeper
from patient_portal.auth.sessions import PatientSessions
from patient_portal.auth.sign_in import PatientSignIn
from patient_portal.hospitals.access import HospitalAccess
from patient_portal.hospitals.linking import Linking
from patient_portal.pages.booking import pages as booking
from patient_portal.pages.home import pages as home
from patient_portal.pages.hospitals import pages as hospitals
from patient_portal.pages.notices import pages as notices
from patient_portal.pages.queue import pages as my_number
from patient_portal.pages.record import pages as own_record
from patient_portal.pages.reminders import pages as reminders
from patient_portal.pages.session import pages as session
from patient_portal.pages.session import second_step
from patient_portal.pages.visits import pages as visits

NAVIGATION: Final = (
    NavItem(endpoint="home.show", label=N_("Home"), icon="home"),
    NavItem(endpoint="visits.all_visits", label=N_("Appointments"), icon="calendar-event"),
    NavItem(endpoint="booking.start", label=N_("Book"), icon="calendar-plus"),
    NavItem(endpoint="record.show", label=N_("My data"), icon="book-2"),
    NavItem(endpoint="hospitals.show", label=N_("Hospitals"), icon="building-hospital"),
)


def create_app(
    settings: Settings,
    *,
    router: TenantRouter,
    gate: Gate,
    sessions: PatientSessions,
    passwords: Passwords,
    keychain: Keychain,
    outages: RedisOutages,
    own_host: str,
    collaborators: Iterable[object] = (),
    helpful: dict[str, Check] | None = None,
) -> Flask:
    """The app, with what it works with given. Raises RouteUndeclared when a route says nothing of who may call it."""
    portal = Portal(
        name="patient",
        title=N_("Patient portal"),
        package=Path(__file__).parent,
        navigation=NAVIGATION,
        sign_in_endpoint="session.sign_in",
        sign_out_endpoint="session.sign_out",
        enrolment_endpoint="second_factor.show",
        page_template="patient/base.html",
        further_packages=(Path(central.__file__).parent, Path(tenant_app.__file__).parent),
        needed={},
        helpful={"central": router.check, **(helpful or {})},
    )
    app = base_app(portal, settings)
    access, linking = HospitalAccess(router), Linking(router)
    factors = PatientFactors(keychain)
    sign_in = PatientSignIn(router=router, sessions=sessions, passwords=passwords, outages=outages, factors=factors)
    activation = PatientActivation(
        router=router, sign_in=sign_in, sessions=sessions, passwords=passwords, linking=linking, factors=factors
    )
    own_factor = PatientSecondFactor(factors=factors, sessions=sessions, passwords=passwords)
    held = (router, gate, sessions, sign_in, activation, own_factor, access, linking, outages, settings)
    provide(app, *held, *collaborators)
    gateway.install(app, settings, limit_key=gate.limit_key, guess_key=gate.guess_key)
    wording.install(app)
    documented = api.install(app, title="Sokham: patients")
    for blueprint in (auth, me, appointments, own_queue, own_notices, reminder_wishes):
        documented.register_blueprint(blueprint)
    own_account = factor_pages(PatientSecondFactor)
    in_and_out = (session, second_step, own_account)
    for page in (*in_and_out, home, visits, booking, my_number, notices, own_record, reminders, hospitals):
        app.register_blueprint(page)
    gatekeeper = PatientGatekeeper(
        gate=gate,
        router=router,
        sessions=sessions,
        access=access,
        hosts=HospitalHosts(router.lookup, own_host=own_host),
    )
    return finish(app, gatekeeper=gatekeeper)
