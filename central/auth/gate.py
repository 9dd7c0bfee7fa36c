"""Reads who calls from a request: Bearer for the API, a cookie for pages; neither serves in the other's place."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from flask import Response, g, request, session

from central.auth.browsers import BROWSER_LIFETIME, KnownBrowser
from central.auth.sessions import STEP_LIFETIME, Tokens, Visitor, browser_audience, pages_audience, step_audience
from central.gateway.public import one_caller
from kernel.errors import Unauthenticated
from kernel.web.collaborators import collaborator
from kernel.web.requests import of_api
from keys.public import TokenVerifier

Claims = Mapping[str, Any]

# What comes before a session; the cookie of a known browser is sent nowhere else.
SIGN_IN_PATH: Final = "/sign-in"
STEP_PATH: Final = f"{SIGN_IN_PATH}/code"
# Where Flask keeps what `flash` was told, until a page shows it.
_MESSAGES: Final = "_flashes"


def visitor() -> Visitor:
    """Where this request comes from; behind proxies, as far as they are trusted."""
    return Visitor(
        ip_address=request.remote_addr,
        user_agent=request.user_agent.string or None,
        browser=collaborator(Gate).browser(),
    )


@dataclass(frozen=True, kw_only=True)
class Gate:
    """The two ways into a portal, the step between password and code, and the browsers that are known. `cookie` is the
    name of the page token's cookie.
    """

    portal: str
    api: TokenVerifier
    pages: TokenVerifier
    steps: TokenVerifier
    browsers: TokenVerifier
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
        """Whom a rate limit counts: the session of a good token, else as `guess_key`."""
        try:
            return f"{self.portal}:sid:{self.claims()['sid']}"
        except Unauthenticated:
            return self.guess_key()

    def guess_key(self) -> str:
        """Whom the limit on guesses counts: who signed in last in this browser, else the address.

        By the account and not by the browser: who has one gets one more share of tries, in however many browsers.
        """
        browser = self.browser()
        if browser is not None and browser.accounts:
            return f"{self.portal}:account:{browser.accounts[0]}"
        return f"{self.portal}:ip:{one_caller(request.remote_addr)}"

    def browser(self) -> KnownBrowser | None:
        """The browser, where somebody signed in there before and the request is on the way to a session."""
        token = request.cookies.get(self._browser_cookie, "")
        try:
            return KnownBrowser.read(self.browsers.verify(token)) if token else None
        except Unauthenticated:
            return None

    def give_cookie(self, response: Response, tokens: Tokens, *, lifetime: timedelta) -> Response:
        """Put the page token into the browser; what the form's cookie held of before is forgotten, but for messages."""
        messages = session.get(_MESSAGES)
        session.clear()
        if messages:
            session[_MESSAGES] = messages
        response.set_cookie(
            self.cookie,
            tokens.page_token,
            max_age=int(lifetime.total_seconds()),
            httponly=True,
            secure=self.secure,
            samesite="Lax",
        )
        response.set_cookie(
            self._browser_cookie,
            tokens.browser_token,
            max_age=int(BROWSER_LIFETIME.total_seconds()),
            path=SIGN_IN_PATH,
            httponly=True,
            secure=self.secure,
            samesite="Strict",
        )
        return self.take_step(response)

    def give_step(self, response: Response, token: str) -> Response:
        """Keep who gave the right password for the few minutes until the code, in a cookie for that address only."""
        response.set_cookie(
            self._step_cookie,
            token,
            max_age=int(STEP_LIFETIME.total_seconds()),
            path=STEP_PATH,
            httponly=True,
            secure=self.secure,
            samesite="Strict",
        )
        return response

    def step(self) -> Claims:
        """Who gave the right password in this browser a moment ago; raises Unauthenticated."""
        token = request.cookies.get(self._step_cookie, "")
        if not token:
            raise Unauthenticated
        return self.steps.verify(token)

    def take_step(self, response: Response) -> Response:
        """Forget it."""
        if self._step_cookie in request.cookies:
            response.delete_cookie(
                self._step_cookie, path=STEP_PATH, httponly=True, secure=self.secure, samesite="Strict"
            )
        return response

    @property
    def _browser_cookie(self) -> str:
        return f"sokham_{self.portal}_browser"

    @property
    def _step_cookie(self) -> str:
        return f"sokham_{self.portal}_step"

    def take_cookie(self, response: Response) -> Response:
        """Remove it."""
        response.delete_cookie(self.cookie, httponly=True, secure=self.secure, samesite="Lax")
        return response

    def _read(self) -> Claims:
        if of_api():
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
        steps=TokenVerifier(issuer=issuer, audience=step_audience(portal), keys=keys, required=("mark",)),
        browsers=TokenVerifier(issuer=issuer, audience=browser_audience(portal), keys=keys, required=("accounts",)),
        secure=secure,
    )
