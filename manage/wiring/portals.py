"""What the web processes have in common."""

from datetime import timedelta
from typing import Protocol, runtime_checkable

from flask import Flask

from central.auth.public import Gate, SessionRules, gate_for, signer_from
from central.router.public import RoutesUnavailable
from kernel.settings import InvalidSettings, Settings
from keys.public import TokenSigner, jwks
from manage.wiring.hospitals import Routing


@runtime_checkable
class Closable(Protocol):
    """What holds connections or threads of its own."""

    def close(self) -> None:
        """Let them go."""


def issuer_of(routed: Routing, settings: Settings, *, issuer: str) -> tuple[TokenSigner, Gate]:
    """The signer of a portal's tokens, and the gate that verifies them."""
    record = routed.reader.signing_key(issuer)
    if record is None:
        raise RoutesUnavailable(f"central has no signing key for {issuer}")
    signer = signer_from(record, keychain=routed.keychain, store=routed.reader)
    public_keys = jwks(row["public_jwk"] for row in routed.reader.signing_keys(issuer))
    return signer, gate_for(
        portal=issuer, issuer=issuer, keys=public_keys, required=("tenant",), secure=settings.secure_cookies
    )


def session_rules(settings: Settings) -> SessionRules:
    """How long sessions live. Raises InvalidSettings for times that are none."""
    if settings.session_idle_minutes < 1 or settings.session_hours < 1:
        raise InvalidSettings("SOKHAM_SESSION_IDLE_MINUTES and SOKHAM_SESSION_HOURS must be at least 1")
    return SessionRules(
        idle=timedelta(minutes=settings.session_idle_minutes), absolute=timedelta(hours=settings.session_hours)
    )


def close_portal(app: Flask) -> None:
    """Close the connections of a portal that was put together here; gunicorn's workers end with theirs instead."""
    for collaborator in app.extensions["sokham"].values():
        if isinstance(collaborator, Closable):
            collaborator.close()
