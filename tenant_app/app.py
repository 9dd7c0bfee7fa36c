"""The staff portal as a Flask app: pages for people, /api/v1 for programs, one hospital for each session."""

from collections.abc import Iterable
from pathlib import Path

from flask import Flask, g

import central
from central.auth.public import Gate
from central.gateway import public as gateway
from central.router.public import HospitalHosts, TenantRouter
from kernel.database.unit_of_work import UnitOfWork
from kernel.settings import Settings
from kernel.text import N_
from kernel.web import api
from kernel.web.app import NavItem, Portal, base_app, finish
from kernel.web.collaborators import provide
from kernel.web.health import Check
from kernel.web.live import address_of
from tenant_app.api import BLUEPRINTS
from tenant_app.auth.api import blueprint as auth_blueprint
from tenant_app.auth.gatekeeper import StaffGatekeeper
from tenant_app.auth.own_account import StaffAccount, StaffSecondFactor
from tenant_app.auth.service import StaffSignIn
from tenant_app.live.public import day_topic, notices_topic, queue_topic
from tenant_app.outbox.public import Doorbell, with_doorbell
from tenant_app.pages import PAGES

NAVIGATION = (
    NavItem(endpoint="day.show", label=N_("Today"), icon="calendar-event", permission="appointment.read"),
    NavItem(endpoint="calendar.show", label=N_("Calendar"), icon="calendar", permission="appointment.read"),
    NavItem(endpoint="queue_pages.overview", label=N_("Waiting line"), icon="hourglass", permission="queue.read"),
    NavItem(endpoint="patient_pages.find", label=N_("Patients"), icon="users", permission="patient.read"),
    NavItem(endpoint="staff_pages.people", label=N_("Staff"), icon="address-book", permission="staff.read"),
    NavItem(endpoint="hospital_pages.show", label=N_("Hospital"), icon="building-hospital", permission="hospital.read"),
    NavItem(endpoint="audit_pages.show", label=N_("Access log"), icon="shield-lock", permission="audit.read"),
)
# What somebody begins from any page, by the command bar.
ACTIONS = (
    NavItem(
        endpoint="registration.new", label=N_("Register a patient"), icon="user-plus", permission="patient.register"
    ),
    NavItem(endpoint="queue_desk.new", label=N_("Give a number"), icon="plus", permission="queue.take"),
    NavItem(
        endpoint="booking.new", label=N_("Book an appointment"), icon="calendar-plus", permission="appointment.book"
    ),
    NavItem(endpoint="staff_pages.invite", label=N_("Invite somebody"), icon="user-plus", permission="staff.invite"),
)
LOOKUP = NavItem(endpoint="lookup.patients", label=N_("Patients"), icon="users", permission="patient.read")


def create_app(
    settings: Settings,
    *,
    router: TenantRouter,
    gate: Gate,
    sign_in: StaffSignIn,
    own_host: str,
    collaborators: Iterable[object] = (),
    doorbell: Doorbell | None = None,
    helpful: dict[str, Check] | None = None,
) -> Flask:
    """The app, with what it works with given. Raises RouteUndeclared when a route says nothing of who may call it."""
    portal = Portal(
        name="staff",
        title=N_("Hospital"),
        package=Path(__file__).parent,
        navigation=NAVIGATION,
        actions=ACTIONS,
        lookup=LOOKUP,
        sign_in_endpoint="session.sign_in",
        sign_out_endpoint="session.sign_out",
        enrolment_endpoint="second_factor.show",
        page_template="page.html",
        live_address=address_of(settings.live_url, settings.staff_url),
        further_packages=(Path(central.__file__).parent,),
        needed={},
        helpful={"central": router.check, **(helpful or {})},
    )
    app = base_app(portal, settings)
    app.jinja_env.globals.update(queue_topic=queue_topic, day_topic=day_topic, notices_topic=notices_topic)
    own_account = StaffAccount(accounts=sign_in.accounts, sessions=sign_in.sessions)
    own_factor = StaffSecondFactor(factors=sign_in.factors, sessions=sign_in.sessions, accounts=sign_in.accounts)
    provide(app, router, gate, sign_in, own_account, own_factor, settings, *collaborators)
    gateway.install(app, settings, limit_key=gate.limit_key, guess_key=gate.guess_key)
    documented = api.install(app, title="Sokham: hospital")
    for blueprint in (auth_blueprint, *BLUEPRINTS):
        documented.register_blueprint(blueprint)
    for page in PAGES:
        app.register_blueprint(page)
    gatekeeper = StaffGatekeeper(
        gate=gate, router=router, sessions=sign_in.sessions, hosts=HospitalHosts(router.lookup, own_host=own_host)
    )
    finish(app, gatekeeper=gatekeeper)
    if doorbell is not None:
        _give_doorbell(app, doorbell)
    return app


def _give_doorbell(app: Flask, doorbell: Doorbell) -> None:
    """What a request publishes wakes a sync worker once it has committed."""

    def give() -> None:
        uow: UnitOfWork | None = g.get("uow")
        if uow is not None:
            with_doorbell(uow, doorbell)

    # After `finish`: the gatekeeper has opened the request's transaction by then.
    app.before_request(give)
