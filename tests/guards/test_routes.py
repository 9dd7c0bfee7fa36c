"""Every route says who may call it, and keeps to it. The routes are enumerated, so that a new one cannot forget."""

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.routing import Rule

from central.auth.permissions import PERMISSIONS as ADMINISTRATOR_PERMISSIONS
from central.sync.public import WORKER_PERMISSION
from kernel.web.access import Access, declared
from kernel.web.api import Blueprint
from keys.public import LocalKeyring
from tenant_app.staff.public import PERMISSIONS as STAFF_PERMISSIONS
from tests.support.databases import central_template, clone_central, drop_database
from tests.support.portals import Portals, open_portals
from tests.support.servers import Servers

# Open to all, each with its reason in the code; a new one is added here by somebody who thought about it.
PUBLIC = {
    "console": {
        *("static", "healthz", "readyz", "metrics_page", "language", "theme", "openapi_document", "openapi_page"),
        *("auth.login", "auth.accept", "auth.refresh", "auth.logout", "jwks_document"),
    },
    "staff": {
        *("static", "healthz", "readyz", "metrics_page", "language", "theme", "openapi_document", "openapi_page"),
        *("auth.login", "auth.accept", "auth.refresh", "auth.logout"),
    },
    "patient": {
        *("static", "healthz", "readyz", "metrics_page", "language", "theme", "openapi_document", "openapi_page"),
        *("auth.login", "auth.activate", "auth.refresh", "auth.logout"),
    },
}
SIGN_IN_PAGES = re.compile(r"(^|[._])(sign_in|accept_invite|activate|activation|sign_out|invited|greet|start)")
PERMISSIONS = {"console": ADMINISTRATOR_PERMISSIONS, "staff": STAFF_PERMISSIONS, "patient": {}}


@pytest.fixture(scope="module")
def portals(
    servers: Servers, keys: LocalKeyring, keyring_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Portals]:
    """All three, once for these tests, which only look; there is no hospital behind them."""
    central = clone_central(servers, central_template(servers))
    folder = tmp_path_factory.mktemp("portals")
    redis_url = servers.redis.url(database=servers.redis_database)
    with open_portals(
        central=central, keys=keys, keyring_path=keyring_path, redis_url=redis_url, folder=folder
    ) as opened:
        yield opened
    central.close()
    drop_database(servers, central.name)


def rules(app: Flask) -> Iterator[tuple[Rule, str, Access]]:
    """Each route with each of its methods and what it declares."""
    for rule in app.url_map.iter_rules():
        access = declared(app, rule.endpoint)
        assert access is not None, rule.endpoint
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method, access


def address(rule: Rule) -> str:
    """The route's path with something in each place."""
    values = {
        name: "x" if "code" in name or name in {"filename", "action"} else str(uuid4()) for name in rule.arguments
    }
    with_values = rule.rule
    for name, value in values.items():
        with_values = re.sub(rf"<(?:[^:<>]+:)?{name}>", value, with_values)
    return with_values


def test_nothing_is_public_that_nobody_thought_about(portals: Portals) -> None:
    for name, app in portals.all.items():
        public = {rule.endpoint for rule, _, access in rules(app) if access.public is not None}
        unexpected = {each for each in public - PUBLIC[name] if not SIGN_IN_PAGES.search(each)}
        assert unexpected == set(), name


def test_every_public_route_gives_its_reason(portals: Portals) -> None:
    for app in portals.all.values():
        for rule, _, access in rules(app):
            if access.public is not None:
                assert len(access.public) > 15, rule.endpoint


def test_every_route_of_the_api_belongs_to_a_blueprint_of_ours(portals: Portals) -> None:
    """It is what refuses bodies that nobody could store."""
    for app in portals.all.values():
        for rule, _, _ in rules(app):
            if rule.rule.startswith("/api/v1/"):
                owner = app.blueprints[rule.endpoint.rpartition(".")[0]]
                assert isinstance(owner, Blueprint), rule.endpoint


def test_every_permission_that_a_route_names_exists(portals: Portals) -> None:
    for name, app in portals.all.items():
        for rule, _, access in rules(app):
            if access.permission is not None and access.permission != WORKER_PERMISSION:
                assert access.permission in PERMISSIONS[name], rule.endpoint


def test_nobody_gets_past_a_route_that_is_not_public(portals: Portals, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a token, and with something that looks like one, every such route answers 401 or leads to sign-in."""
    for app in portals.all.values():
        monkeypatch.setitem(app.config, "WTF_CSRF_METHODS", set())
        client = app.test_client()
        for rule, method, access in rules(app):
            if access.public is not None:
                continue
            for headers in ({}, {"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."}):
                response = client.open(
                    address(rule), method=method, headers=headers, json={} if "/api/" in rule.rule else None
                )
                if rule.rule.startswith("/api/"):
                    assert response.status_code == 401, (method, rule.rule, response.status_code)
                    assert response.content_type == "application/problem+json"
                else:
                    assert response.status_code == 303, (method, rule.rule, response.status_code)
                    assert "sign" in response.headers["Location"], (method, rule.rule)


def test_every_form_of_a_page_needs_its_token(portals: Portals) -> None:
    for app in portals.all.values():
        client = app.test_client()
        for rule, method, _ in rules(app):
            if method != "GET" and not rule.rule.startswith("/api/"):
                assert client.open(address(rule), method=method).status_code == 400, (method, rule.rule)


def test_no_route_takes_the_tenant_or_a_cccd_from_its_address(portals: Portals) -> None:
    """The tenant comes from the token. A patient's call names one of the session's own hospitals, and it is checked."""
    for name, app in portals.all.items():
        for rule in app.url_map.iter_rules():
            assert not {argument for argument in rule.arguments if "cccd" in argument}, rule.rule
            if name == "staff":
                assert not {argument for argument in rule.arguments if "tenant" in argument}, rule.rule


def test_every_api_route_is_in_the_document(portals: Portals) -> None:
    for name, app in portals.all.items():
        document = app.test_client().get("/api/openapi.json").get_json()
        described = {re.sub(r"{[^}]+}", "{}", path) for path in document["paths"]}
        for rule in app.url_map.iter_rules():
            if rule.rule.startswith("/api/v1/"):
                assert re.sub(r"<[^>]+>", "{}", rule.rule) in described, (name, rule.rule)
