"""Central as a Flask app: the administrators' console, the API about hospitals, and the ingest of the sync."""

from collections.abc import Iterable
from pathlib import Path

from flask import Flask
from sqlalchemy import text

from central.auth.administrators import (
    AdministratorFactors,
    AdministratorGatekeeper,
    AdministratorSessions,
    AdministratorSignIn,
)
from central.auth.api import blueprint as auth_blueprint
from central.auth.api import jwks_document
from central.auth.own_account import AdministratorAccount, AdministratorSecondFactor
from central.auth.public import Gate
from central.auth.sign_in import ConsoleSignIn
from central.console import operations_api, patient_index_api, tenants_api
from central.console.pages import PAGES, shown
from central.console.tenants import Console
from central.gateway import public as gateway
from central.sync import api as sync_api
from central.sync.public import RedisDoorbell, SyncBus, WithWorkers, WorkerGate
from kernel.database.engines import Database
from kernel.settings import Settings
from kernel.text import N_
from kernel.web import api
from kernel.web.app import NavItem, Portal, base_app, finish
from kernel.web.collaborators import provide
from kernel.web.health import Check
from keys.public import BlindIndex

NAVIGATION = (
    NavItem(endpoint="overview.show", label=N_("Overview"), icon="layout-dashboard", permission="tenant.read"),
    NavItem(endpoint="hospitals.listed", label=N_("Hospitals"), icon="building-hospital", permission="tenant.read"),
    NavItem(endpoint="sync_pages.state", label=N_("Synchronisation"), icon="refresh", permission="sync.read"),
    NavItem(endpoint="lookup.form", label=N_("Patient lookup"), icon="fingerprint", permission="patient_index.lookup"),
    NavItem(endpoint="sync_pages.dead", label=N_("Dead letters"), icon="inbox", permission="sync.read"),
    NavItem(endpoint="people.listed", label=N_("Administrators"), icon="users", permission="administrator.read"),
    NavItem(endpoint="records.security", label=N_("Security"), icon="shield-lock", permission="security.read"),
    NavItem(endpoint="records.audit", label=N_("Audit log"), icon="clipboard-list", permission="audit.read"),
)
APIS = (
    auth_blueprint,
    tenants_api.blueprint,
    operations_api.blueprint,
    patient_index_api.blueprint,
    sync_api.blueprint,
)


def create_app(
    settings: Settings,
    *,
    database: Database,
    gate: Gate,
    sessions: AdministratorSessions,
    sign_in: AdministratorSignIn,
    factors: AdministratorFactors,
    console: Console,
    workers: WorkerGate,
    blind_index: BlindIndex,
    bus: SyncBus,
    doorbell: RedisDoorbell,
    collaborators: Iterable[object] = (),
    helpful: dict[str, Check] | None = None,
) -> Flask:
    """The app, with what it works with given; `database` is central's under the role `sokham_console`.

    Raises RouteUndeclared when a route says nothing of who may call it.
    """
    portal = Portal(
        name="console",
        title=N_("Console"),
        package=Path(__file__).parent,
        navigation=NAVIGATION,
        sign_in_endpoint="session.sign_in",
        sign_out_endpoint="session.sign_out",
        enrolment_endpoint="second_factor.show",
        page_template="console/base.html",
        needed={"central": lambda: _answers(database)},
        helpful=helpful or {},
    )
    app = base_app(portal, settings)
    signing_in = ConsoleSignIn(database=database, accounts=sign_in, sessions=sessions, factors=factors)
    own_account = AdministratorAccount(accounts=sign_in, sessions=sessions)
    own_factor = AdministratorSecondFactor(factors=factors, sessions=sessions, accounts=sign_in)
    held = (
        database,
        gate,
        sessions,
        sign_in,
        signing_in,
        own_account,
        own_factor,
        settings,
        console,
        workers,
        blind_index,
        bus,
        doorbell,
    )
    provide(app, *held, *collaborators)
    gateway.install(app, settings, limit_key=gate.limit_key, guess_key=gate.guess_key)
    documented = api.install(app, title="Sokham: central")
    for blueprint in APIS:
        documented.register_blueprint(blueprint)
    for page in PAGES:
        app.register_blueprint(page)
    app.add_url_rule("/.well-known/jwks.json", view_func=jwks_document)
    shown.install(app)
    mfa_roles = frozenset({"super_admin"}) if settings.admin_mfa_required else frozenset[str]()
    people = AdministratorGatekeeper(gate=gate, database=database, sessions=sessions, mfa_roles=mfa_roles)
    return finish(app, gatekeeper=WithWorkers(people=people, workers=workers))


def _answers(database: Database) -> None:
    with database.unit_of_work() as uow:
        uow.session.execute(text("SELECT 1"))
