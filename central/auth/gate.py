"""Reads who calls from a request: Bearer for the API, a cookie for pages; neither serves in the other's place."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Response, g, request, session

from central.auth.sessions import Tokens, Visitor, pages_audience
from central.gateway.public import one_caller
from kernel.errors import Unauthenticated
from keys.public import TokenVerifier

Claims = Mapping[str, Any]


def visitor() -> Visitor:
    """Where this request comes from; behind proxies, as far as they are trusted."""
    return Visitor(ip_address=request.remote_addr, user_agent=request.user_agent.string or None)


@dataclass(frozen=True, kw_only=True)
class Gate:
    """The two ways into a portal. `cookie` is the name of the page token's cookie."""

    portal: str
    api: TokenVerifier
    pages: TokenVerifier
    secure: bool

    @property
    def cookie(self) -> str:
        """Named by portal: cookies do not know ports."""
        return f"sokham_{self.portal}_session"

    def claims(self) -> Claims:
        """The verified claims of this request; raises Unauthenticated. The session row is still to be read."""
        found: Claims | None = g.get("claims")
        if found is None:
            found = g.claims = self._read()
        return found

    def limit_key(self) -> str:
        """Whom a rate limit counts: the session of a good token, else the address."""
        try:
            return f"{self.portal}:sid:{self.claims()['sid']}"
        except Unauthenticated:
            return f"{self.portal}:ip:{one_caller(request.remote_addr)}"

    def give_cookie(self, response: Response, tokens: Tokens, *, lifetime: timedelta) -> Response:
        """Put the page token into the browser; what the form's cookie held of before is forgotten."""
        session.clear()
        response.set_cookie(
            self.cookie,
            tokens.page_token,
            max_age=int(lifetime.total_seconds()),
            httponly=True,
            secure=self.secure,
            samesite="Lax",
        )
        return response

    def take_cookie(self, response: Response) -> Response:
        """Remove it."""
        response.delete_cookie(self.cookie, httponly=True, secure=self.secure, samesite="Lax")
        return response

    def _read(self) -> Claims:
        if request.path.startswith("/api/"):
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not token:
                raise Unauthenticated
            return self.api.verify(token.strip())
        token = request.cookies.get(self.cookie, "")
        if not token:
            raise Unauthenticated
        return self.pages.verify(token)


def gate_for(*, portal: str, issuer: str, keys: Mapping[str, Any], required: tuple[str, ...], secure: bool) -> Gate:
    """The gate of a portal whose tokens `issuer` signs with `keys` (its JWKS document)."""
    return Gate(
        portal=portal,
        api=TokenVerifier(issuer=issuer, audience=portal, keys=keys, required=("sid", *required)),
        pages=TokenVerifier(issuer=issuer, audience=pages_audience(portal), keys=keys, required=("sid", *required)),
        secure=secure,
    )
