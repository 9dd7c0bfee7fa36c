"""Pages of errors: with the portal's navigation for whom we know, bare for others, and never a further error."""

from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from jinja2 import ChoiceLoader, DictLoader
from sqlalchemy.exc import OperationalError

from kernel.errors import NotFound, Unauthenticated, Unavailable
from kernel.settings import Settings
from kernel.web.access import Access, requires, signed_in
from kernel.web.actor import Actor
from kernel.web.app import NavItem, Portal, base_app, finish

NAVIGATION = 'class="sk-nav"'
TABS = 'class="sk-tabbar"'


class Gatekeeper:
    """Admits by a cookie; the hospital's database may be away before it is known who asks."""

    def admit(self, access: Access) -> Actor:
        assert access.public is None
        if request.args.get("away"):
            raise Unavailable("hospital", retry_after=7)
        if request.cookies.get("who") != "lan":
            raise Unauthenticated
        return Actor(
            kind="staff", id=uuid4(), session_id=uuid4(), name="Lê Thị Lan", role="nurse", permissions=frozenset()
        )


def build(tmp_path: Path, templates: dict[str, str]) -> Flask:
    """A portal with a page for each way to fail; `templates` stand in for those of the kit."""
    (tmp_path / "templates").mkdir()
    portal = Portal(
        name="staff",
        title="Test",
        package=tmp_path,
        navigation=(
            NavItem(endpoint="home", label="Home", icon="home"),
            NavItem(endpoint="gone", label="Gone", icon="users"),
            NavItem(endpoint="refused", label="Refused", icon="users", permission="thing.secret"),
        ),
        page_template="portals-own.html",
    )
    app = base_app(portal, Settings(cookie_secret="x" * 32))
    own = {"portals-own.html": '{% extends "kit/portal.html" %}{% block head %}<meta name="own">{% endblock %}'}
    assert app.jinja_loader is not None
    app.jinja_loader = ChoiceLoader([DictLoader({**own, **templates}), app.jinja_loader])

    @app.route("/")
    @signed_in
    def home() -> str:
        return ""

    @app.route("/gone")
    @signed_in
    def gone() -> str:
        raise NotFound("record")

    @app.route("/refused")
    @requires("thing.secret")
    def refused() -> str:
        return "never"

    @app.route("/database")
    @signed_in
    def database() -> str:
        raise OperationalError("SELECT", {}, Exception("password=hunter2"))

    @app.route("/crash")
    @signed_in
    def crash() -> str:
        raise RuntimeError("password=hunter2")

    return finish(app, gatekeeper=Gatekeeper())


def browser(tmp_path: Path, *, known: bool = True, **templates: str) -> FlaskClient:
    """Somebody who reads English, signed in or not."""
    names = {"inside": "kit/error_inside.html", "bare": "kit/error.html"}
    client = build(tmp_path, {names[name]: source for name, source in templates.items()}).test_client()
    client.set_cookie("lang", "en")
    if known:
        client.set_cookie("who", "lan")
    return client


@pytest.mark.parametrize(
    ("path", "status", "title", "next_step"),
    [
        ("/gone", 404, "Nothing is here", "Choose in the navigation where to go on, or go back."),
        ("/refused", 403, "Your account may not do this", "Choose in the navigation where to go on, or go back."),
        ("/database", 503, "Not available for a moment", "Try again"),
        ("/crash", 500, "Something went wrong on our side", "To the start page"),
    ],
)
def test_who_is_signed_in_keeps_the_navigation(
    tmp_path: Path, path: str, status: int, title: str, next_step: str
) -> None:
    answer = browser(tmp_path).get(path)
    page = answer.get_data(as_text=True)
    assert answer.status_code == status
    assert NAVIGATION in page
    assert TABS in page
    assert '<meta name="own">' in page, "the portal's own style"
    assert "Lê Thị Lan" in page
    assert f"data-problem-title>{title}<" in page
    assert next_step in page
    assert answer.headers["X-Request-Id"] in page
    # What the account may not see is no entry of its navigation, and nothing is told of the failure itself.
    assert 'href="/refused"' not in page
    assert "hunter2" not in page


@pytest.mark.parametrize(("path", "status"), [("/no-such-page", 404), ("/gone?away=1", 503), ("/gone", 401)])
def test_whom_we_do_not_know_is_shown_the_bare_page(tmp_path: Path, path: str, status: int) -> None:
    answer = browser(tmp_path, known=status != 401).get(path)
    page = answer.get_data(as_text=True)
    assert answer.status_code == status
    assert "data-problem-title" in page
    assert NAVIGATION not in page


def test_htmx_is_given_the_bare_page(tmp_path: Path) -> None:
    page = browser(tmp_path).get("/gone", headers={"HX-Request": "true"}).get_data(as_text=True)
    assert "data-problem-title" in page
    assert NAVIGATION not in page


def test_a_page_that_fails_itself_gives_way_to_a_plainer_one(tmp_path: Path) -> None:
    broken = "{{ current_actor.what_is_not_there.either }}"
    answer = browser(tmp_path, inside=broken).get("/gone")
    assert (answer.status_code, NAVIGATION in answer.get_data(as_text=True)) == (404, False)
    assert "data-problem-title>Nothing is here<" in answer.get_data(as_text=True)


def test_without_any_page_the_words_are_left(tmp_path: Path) -> None:
    answer = browser(tmp_path, inside="{{ nothing }}", bare="{{ nothing }}").get("/database")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "<h1>Not available for a moment</h1>" in answer.get_data(as_text=True)
    assert answer.headers["X-Request-Id"] in answer.get_data(as_text=True)
