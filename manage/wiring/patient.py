"""The patient portal."""

from urllib.parse import urlsplit

from flask import Flask

from central.router.public import RedisOutages
from kernel.settings import Settings
from manage.wiring.hospitals import routing
from manage.wiring.portals import issuer_of, session_rules
from manage.wiring.sources import passwords
from patient_portal.app import create_app
from patient_portal.auth.sessions import ISSUER, PatientSessions


def patient_app(settings: Settings) -> Flask:
    """The patient portal."""
    routed = routing(settings, process="patient_portal", purpose="portal", with_index=True)
    signer, gate = issuer_of(routed, settings, issuer=ISSUER)
    return create_app(
        settings,
        router=routed.router,
        gate=gate,
        sessions=PatientSessions(signer=signer, rules=session_rules(settings)),
        passwords=passwords(settings),
        keychain=routed.keychain,
        outages=RedisOutages(routed.redis),
        own_host=urlsplit(settings.patient_url).hostname or "",
        helpful=routed.checks,
    )
