"""The common shape of each portal's Flask app: errors, headers, CSRF, languages, health, and who may call what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask, Request, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_wtf.csrf import CSRFError, CSRFProtect
from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader, StrictUndefined

import kernel
from kernel.errors import SokhamError
from kernel.settings import InvalidSettings, Settings
from kernel.text import N_
from kernel.web import access, assets, compression, headers, health, i18n, live, problems, proxies, requests
from kernel.web.health import Check
from kernel.web.statuses import STATUSES


@dataclass(frozen=True, kw_only=True, slots=True)
class NavItem:
    """One entry of a portal's navigation; shown to those who have `permission`."""

    endpoint: str
    label: str
    icon: str
    permission: str | None = None


@dataclass(frozen=True, kw_only=True)
class Portal:
    """What tells one portal from another. `name` also names its cookies, for cookies do not know ports."""

    name: str
    title: str
    package: Path
    navigation: tuple[NavItem, ...] = ()
    # What the command bar offers on every page besides: work to begin, and where it looks for what is typed (a POST).
    actions: tuple[NavItem, ...] = ()
    lookup: NavItem | None = None
    sign_in_endpoint: str = ""
    sign_out_endpoint: str = ""
    # Where who needs a second factor sets it up.
    enrolment_endpoint: str = ""
    # What the pages of signed-in people extend.
    page_template: str = "kit/portal.html"
    # Where its pages find live updates, as kernel.web.live says it; None without.
    live_address: str | None = None
    further_packages: tuple[Path, ...] = ()
    needed: Mapping[str, Check] = field(default_factory=dict)
    helpful: Mapping[str, Check] = field(default_factory=dict)


class StaleForm(SokhamError):
    """The form was shown too long ago, or by somebody else."""

    code = "stale_form"
    status = 400
    title = N_("This form has grown old")
    advice = N_("Load the page again and send it once more.")


class _FormCookie(SecureCookieSessionInterface):
    """Flask's own, which unseals only what was sent: making its keys takes longer than looking for the cookie."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)


def base_app(portal: Portal, settings: Settings) -> Flask:
    """A Flask app with everything but routes of its own, gateway and gatekeeper; end with `finish`.

    Raises InvalidSettings without a cookie secret.
    """
    if not settings.cookie_secret:
        raise InvalidSettings("SOKHAM_COOKIE_SECRET is missing: it signs the CSRF token of this portal's pages")
    app = Flask(portal.name, static_folder=None, root_path=str(portal.package), template_folder="templates")
    app.config.update(
        SECRET_KEY=settings.cookie_secret,
        SESSION_COOKIE_NAME=f"sokham_{portal.name}_form",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        SIGN_IN_ENDPOINT=portal.sign_in_endpoint,
        ENROLMENT_ENDPOINT=portal.enrolment_endpoint,
        PAGE_TEMPLATE=portal.page_template,
    )
    app.session_interface = _FormCookie()
    app.wsgi_app = proxies.trust(app.wsgi_app, hops=settings.trusted_proxies)  # type: ignore[assignment, method-assign]  # Flask's documented way to add middleware
    app.jinja_env.undefined = StrictUndefined
    app.jinja_loader = _templates(portal)
    requests.install(app, portal=portal.name)
    problems.install(app)
    headers.install(app, connect=live.connect_source(portal.live_address))
    live.install(app, portal.live_address)
    compression.install(app)
    assets.install(app)
    # The portal's own words come last and win.
    i18n.install(app, [Path(kernel.__file__).parent, *portal.further_packages, portal.package])
    app.jinja_env.globals["statuses"] = STATUSES
    health.install(app, needed=portal.needed, helpful=portal.helpful, metrics_from=settings.metrics_from)
    _protect_forms(app)
    _describe(app, portal)
    return app


def finish(app: Flask, *, gatekeeper: access.Gatekeeper) -> Flask:
    """Close the app: from here on every route is declared and guarded."""
    access.enforce(app, gatekeeper)
    access.refuse_undeclared(app)
    return app


def _templates(portal: Portal) -> BaseLoader:
    folders = [portal.package, *portal.further_packages, Path(__file__).parent]
    return ChoiceLoader([FileSystemLoader(folder / "templates") for folder in folders])


def _protect_forms(app: Flask) -> None:
    """Pages are authenticated by cookie, so their posts carry a token; the API takes none but Bearer and needs none."""
    csrf = CSRFProtect(app)

    def check() -> None:
        if request.method in {"POST", "PUT", "PATCH", "DELETE"} and not requests.of_api():
            try:
                csrf.protect()
            except CSRFError as err:
                raise StaleForm from err

    app.before_request(check)


def _describe(app: Flask, portal: Portal) -> None:
    """What every template may name."""

    def names() -> dict[str, object]:
        actor = g.get("actor")

        def open_to(item: NavItem) -> bool:
            return actor is not None and (item.permission is None or actor.may(item.permission))

        return {
            "portal": portal.name,
            "portal_title": portal.title,
            "nav_items": [item for item in portal.navigation if open_to(item)],
            "nav_actions": [item for item in portal.actions if open_to(item)],
            "nav_lookup": portal.lookup if portal.lookup and open_to(portal.lookup) else None,
            "current_actor": actor,
            "current_hospital": g.get("hospital"),
            "request_id": g.get("request_id", ""),
            "theme": request.cookies.get("theme", "auto"),
            "sign_in_endpoint": portal.sign_in_endpoint,
            "sign_out_endpoint": portal.sign_out_endpoint,
        }

    app.context_processor(names)
