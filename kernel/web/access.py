"""Each route declares who may call it; a route that forgets does not start.

The declaration is data on the view function. One hook reads it before the view runs, so a declaration cannot be
written and then not enforced, and a guard test can enumerate it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from flask import Flask, g, request

from kernel.errors import Forbidden, SecondFactorMissing
from kernel.web.actor import Actor

View = TypeVar("View", bound=Callable[..., Any])
_DECLARED = "__sokham_access__"
BY_ITSELF: Final = "By-Itself"


@dataclass(frozen=True, slots=True)
class Access:
    """What a route needs: nobody in particular (`public`, with the reason), a session, or a permission.

    `enrolling`: it is also open to who has to set up a second factor first. `by_itself`: pages ask for it on their own,
    so it is no sign that anybody is there, and keeps no session alive.
    """

    public: str | None = None
    permission: str | None = None
    enrolling: bool = False
    by_itself: bool = False


class Gatekeeper(Protocol):
    """How a portal knows its callers."""

    def admit(self, access: Access) -> Actor:
        """The actor of this request, with the session checked in its database; raises Unauthenticated."""
        ...


def public(reason: str) -> Callable[[View], View]:
    """Declare that a route is open to all, and why that is safe."""
    return _declare(Access(public=reason))


def signed_in(view: View) -> View:
    """Declare that a route needs a session and nothing more: what it shows is the actor's own."""
    return _declare(Access())(view)


def enrolling(view: View) -> View:
    """Declare the same of a route that is also open to who has to set up a second factor before anything else."""
    return _declare(Access(enrolling=True))(view)


def by_itself(view: View) -> View:
    """Declare the same of a route that pages ask for on their own: it keeps no session alive."""
    return _declare(Access(by_itself=True))(view)


def shows_somebody(access: Access) -> bool:
    """Whether this request is a sign that somebody is there, and so keeps their session alive.

    What pages ask for on their own is none: the route says so, or the header that `sokham.js` sends with it.
    """
    return not access.by_itself and BY_ITSELF not in request.headers


def requires(permission: str) -> Callable[[View], View]:
    """Declare that a route needs a permission, such as `appointment.book`."""
    return _declare(Access(permission=permission))


def _declare(access: Access) -> Callable[[View], View]:
    def mark(view: View) -> View:
        setattr(view, _DECLARED, access)
        return view

    return mark


def declared(app: Flask, endpoint: str) -> Access | None:
    """What the route of `endpoint` declares, or None."""
    access: Access | None = getattr(app.view_functions[endpoint], _DECLARED, None)
    return access


def enforce(app: Flask, gatekeeper: Gatekeeper) -> None:
    """Authenticate and authorise before each view, as the view declares."""

    def admit() -> None:
        if request.endpoint is None:
            return
        access = declared(app, request.endpoint)
        if access is None:
            raise RouteUndeclared([request.endpoint])
        if access.public is not None:
            return
        # Known also where it is refused: the page that says so keeps the person's navigation.
        actor = g.actor = gatekeeper.admit(access)
        if actor.must_enrol and not access.enrolling:
            raise SecondFactorMissing
        if access.permission is not None and not actor.may(access.permission):
            raise Forbidden(data={"permission": access.permission})

    app.before_request(admit)


def refuse_undeclared(app: Flask) -> None:
    """Call when all blueprints are registered: raises RouteUndeclared naming each route that declares nothing."""
    missing = sorted(endpoint for endpoint in app.view_functions if declared(app, endpoint) is None)
    if missing:
        raise RouteUndeclared(missing)


class RouteUndeclared(Exception):
    """Programming error: these endpoints say nothing of who may call them."""

    def __init__(self, endpoints: list[str]) -> None:
        super().__init__(f"routes without @public, @signed_in or @requires: {', '.join(endpoints)}")
