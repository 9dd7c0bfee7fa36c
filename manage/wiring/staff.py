"""The staff portal."""

from urllib.parse import urlsplit

from flask import Flask

from central.sync.public import RedisDoorbell
from kernel.settings import Settings
from manage.messaging.listed import offers
from manage.wiring.hospitals import import_router, routing
from manage.wiring.portals import issuer_of, session_rules
from manage.wiring.sources import passwords
from tenant_app.app import create_app
from tenant_app.auth.service import StaffAccounts, StaffFactors, StaffSessions, StaffSignIn
from tenant_app.patient_imports.public import ImportRunner


def staff_app(settings: Settings) -> Flask:
    """The staff portal."""
    routed = routing(settings, process="tenant_app", purpose="app")
    signer, gate = issuer_of(routed, settings, issuer="staff")
    sign_in = StaffSignIn(
        router=routed.router,
        sessions=StaffSessions(signer=signer, rules=session_rules(settings)),
        accounts=StaffAccounts(passwords(settings)),
        factors=StaffFactors(routed.keychain),
    )
    doorbell = RedisDoorbell(routed.redis) if routed.redis is not None else None
    for_imports = import_router(routed, settings)
    imports = ImportRunner(for_imports.unit_of_work, doorbell=doorbell, at_the_end=for_imports.close)
    return create_app(
        settings,
        router=routed.router,
        gate=gate,
        sign_in=sign_in,
        own_host=urlsplit(settings.staff_url).hostname or "",
        collaborators=(routed.keychain, imports, offers(settings)),
        doorbell=doorbell,
        helpful=routed.checks,
    )
