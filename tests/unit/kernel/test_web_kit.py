"""The web kit: declared routes, one form of error, headers, forms, languages."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import marshmallow as ma
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from kernel.errors import Conflict, PreconditionFailed, Unauthenticated, Unavailable
from kernel.settings import InvalidSettings, Settings
from kernel.web import api, assets
from kernel.web.access import Access, RouteUndeclared, public, requires, signed_in
from kernel.web.actor import Actor, current_actor
from kernel.web.app import Portal, base_app, finish

PERMISSIONS = frozenset({"thing.read"})


class Gatekeeper:
    """Knows one token."""

    def admit(self, access: Access) -> Actor:
        from flask import request

        if request.headers.get("Authorization") != "Bearer good":
            raise Unauthenticated
        assert access.public is None
        return Actor(kind="staff", id=uuid4(), session_id=uuid4(), name="Lan", role="nurse", permissions=PERMISSIONS)


class Thing(ma.Schema):
    """A body."""

    class Meta:
        unknown = ma.RAISE

    name = ma.fields.String(required=True)
    count = ma.fields.Integer(load_default=0)


def build(tmp_path: Path) -> Flask:
    """A portal with a route of each kind."""
    app = base_app(Portal(name="staff", title="Test", package=tmp_path), Settings(cookie_secret="x" * 32))
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    documented = api.install(app, title="Test")
    things = api.Blueprint("things", __name__, url_prefix="/api/v1/things")

    @things.route("", methods=["POST"])
    @requires("thing.read")
    @things.arguments(Thing)
    def make(body: dict[str, Any]) -> dict[str, Any]:
        return {"name": body["name"], "by": current_actor().name}

    @things.route("/secret")
    @requires("thing.forbidden")
    def secret() -> str:
        return "never"

    @things.route("/mine")
    @signed_in
    def mine() -> dict[str, str]:
        return {"name": current_actor().name}

    @things.route("/broken/<kind>")
    @public("test")
    def broken(kind: str) -> str:
        errors: dict[str, Exception] = {
            "conflict": Conflict("secret text"),
            "away": Unavailable("host 10.0.0.1", retry_after=7),
            "crash": RuntimeError("password=hunter2"),
            "database": OperationalError("SELECT 1", {}, Exception("connection lost")),
        }
        raise errors[kind]

    documented.register_blueprint(things)

    @app.route("/form", methods=["POST"])
    @public("test")
    def form() -> str:
        return "done"

    return finish(app, gatekeeper=Gatekeeper())


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    """A client of the portal above."""
    return build(tmp_path).test_client()


GOOD = {"Authorization": "Bearer good"}


def test_a_route_that_declares_nothing_does_not_start(tmp_path: Path) -> None:
    app = base_app(Portal(name="staff", title="Test", package=tmp_path), Settings(cookie_secret="x" * 32))

    @app.route("/forgotten")
    def forgotten() -> str:
        return ""

    with pytest.raises(RouteUndeclared, match="forgotten"):
        finish(app, gatekeeper=Gatekeeper())


def test_a_portal_without_a_cookie_secret_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="SOKHAM_COOKIE_SECRET"):
        base_app(Portal(name="staff", title="Test", package=tmp_path), Settings())


def test_the_declaration_is_what_is_enforced(client: FlaskClient) -> None:
    assert client.get("/api/v1/things/mine").status_code == 401
    assert client.get("/api/v1/things/mine", headers=GOOD).get_json() == {"name": "Lan"}
    refused = client.get("/api/v1/things/secret", headers=GOOD)
    assert refused.status_code == 403
    assert refused.get_json()["permission"] == "thing.forbidden"


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        ("{", {"Content-Type": "application/json"}, 400, "invalid_request"),
        ("name=x", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "unsupported_media_type"),
        ("{}", {"Content-Type": "application/json"}, 422, "invalid_fields"),
        ('{"name": "' + "x" * 1_100_000 + '"}', {"Content-Type": "application/json"}, 413, "too_large"),
    ],
)
def test_a_bad_body_has_its_own_status(
    client: FlaskClient, body: str, headers: dict[str, str], status: int, code: str
) -> None:
    response = client.post("/api/v1/things", data=body, headers={**headers, **GOOD})
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    problem = response.get_json()
    assert problem["code"] == code
    assert problem["status"] == status
    assert problem["request_id"] == response.headers["X-Request-Id"]


def test_each_field_is_named(client: FlaskClient) -> None:
    body = {"count": "many", "tenant_id": str(uuid4())}
    problem = client.post("/api/v1/things", json=body, headers=GOOD).get_json()
    assert sorted(problem["errors"]) == ["count", "name", "tenant_id"]


@pytest.mark.parametrize(("kind", "status"), [("conflict", 409), ("away", 503), ("crash", 500), ("database", 503)])
def test_no_exception_text_reaches_the_caller(client: FlaskClient, kind: str, status: int) -> None:
    response = client.get(f"/api/v1/things/broken/{kind}")
    assert response.status_code == status
    for secret in ("secret text", "10.0.0.1", "hunter2", "SELECT"):
        assert secret not in response.text
    if status == 503:
        assert int(response.headers["Retry-After"]) >= 1


def test_an_unknown_path_is_a_problem_for_programs_and_a_page_for_people(client: FlaskClient) -> None:
    assert client.get("/api/v1/nothing").get_json()["code"] == "not_found"
    page = client.get("/nothing")
    assert page.status_code == 404
    assert page.mimetype == "text/html"
    wrong = client.delete("/api/v1/things/mine", headers=GOOD)
    assert wrong.status_code == 405
    assert "GET" in wrong.headers["Allow"]


def test_forms_need_their_token_and_the_api_does_not(client: FlaskClient) -> None:
    assert client.post("/form").status_code == 400
    assert client.post("/api/v1/things", json={"name": "x"}, headers=GOOD).status_code == 200


def test_every_answer_carries_the_headers(client: FlaskClient) -> None:
    for path in ("/api/v1/things/mine", "/healthz", "/nothing"):
        headers = client.get(path).headers
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


def test_a_request_id_is_taken_when_it_is_well_formed_only(client: FlaskClient) -> None:
    assert client.get("/healthz", headers={"X-Request-Id": "abcd-1234"}).headers["X-Request-Id"] == "abcd-1234"
    assert client.get("/healthz", headers={"X-Request-Id": "<script>"}).headers["X-Request-Id"] != "<script>"


def test_errors_speak_the_callers_language(client: FlaskClient) -> None:
    def title(language: str) -> str:
        text: str = client.get("/api/v1/nothing", headers={"Accept-Language": language}).get_json()["title"]
        return text

    assert title("en") == "Nothing is here"
    assert title("vi") != title("en")
    assert title("fr") == title("vi")


def test_the_language_switch_sets_a_cookie_and_leads_back_to_this_site_only(tmp_path: Path) -> None:
    app = build(tmp_path)
    app.config["WTF_CSRF_METHODS"] = set()
    client = app.test_client()
    elsewhere = ("//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "/\r\n/evil.example")
    for target, expected in (("/patients?q=An", "/patients?q=An"), *((target, "/") for target in elsewhere)):
        response = client.post("/language", data={"language": "en", "next": target})
        assert response.status_code == 303
        assert response.headers["Location"] == expected
    assert client.post("/language", data={"language": "xx"}).status_code == 400


def test_the_openapi_document_tells_the_media_type_of_errors(client: FlaskClient) -> None:
    document = json.loads(client.get("/api/openapi.json").text)
    assert document["openapi"].startswith("3.1")
    assert "/api/v1/things" in document["paths"]
    for answer in document["components"]["responses"].values():
        assert "application/json" not in answer.get("content", {})


def test_metrics_are_for_named_networks_only(client: FlaskClient) -> None:
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "127.0.0.1"}).status_code == 200
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 404


def test_cursors_are_opaque_and_checked() -> None:
    cursor = api.write_cursor("Nguyễn", 3)
    assert api.read_cursor(cursor, str, str) == ("Nguyễn", "3")
    assert api.read_cursor(None, str, str) is None
    for bad in ("%%%", "bm90IGpzb24", api.write_cursor("one"), api.write_cursor("a\0", "b")):
        with pytest.raises(Exception, match="invalid_fields"):
            api.read_cursor(bad, str, str)


@pytest.mark.parametrize(
    ("read", "good", "found", "bad"),
    [
        (api.a_day, "2026-03-01", date(2026, 3, 1), ("2026-02-30", "1/3/2026", "")),
        (api.a_moment, "2026-03-01T08:00:00+00:00", datetime(2026, 3, 1, 8, tzinfo=UTC), ("2026-03-01T08:00:00", "x")),
        (api.a_time, "08:30:00", time(8, 30), ("08:30:00+07:00", "25:00")),
        (api.a_number(6), "6", 6, ("7", "-1", "06", "٣", "1e0", "")),
        (api.a_number(), "2147483647", 2**31 - 1, ("2147483648", "9" * 5000)),
        (UUID, str(UUID(int=7)), UUID(int=7), ("7", "")),
    ],
)
def test_each_part_of_a_cursor_is_what_its_column_holds(
    read: Callable[[str], object], good: str, found: object, bad: tuple[str, ...]
) -> None:
    assert api.read_cursor(api.write_cursor(good), read) == (found,)
    for text in bad:
        with pytest.raises(Exception, match="invalid_fields"):
            api.read_cursor(api.write_cursor(text), read)


@pytest.mark.parametrize(
    "body",
    [
        '{"name": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"name": "a", "count": ' + "9" * 5000 + "}",
        '{"name": "a\\u0000b"}',
        '{"name": "a\\ud800b"}',
        '{"a\\u0000": 1}',
    ],
    ids=["deep", "long number", "nul", "half a surrogate pair", "nul in a name"],
)
def test_a_body_that_nobody_could_store_is_malformed_and_not_our_mistake(client: FlaskClient, body: str) -> None:
    sent = {"Authorization": "Bearer good", "Content-Type": "application/json"}
    response = client.post("/api/v1/things", data=body, headers=sent)
    assert (response.status_code, response.get_json()["code"]) == (400, "invalid_request")


def test_an_escaped_letter_in_a_body_is_a_letter(client: FlaskClient) -> None:
    sent = {"Authorization": "Bearer good", "Content-Type": "application/json"}
    response = client.post("/api/v1/things", data='{"name": "\\u1ea1 \\ud83d\\ude00"}', headers=sent)
    assert response.get_json()["name"] == "ạ 😀"


def test_nul_in_an_address_or_a_form_is_malformed(client: FlaskClient) -> None:
    assert client.get("/healthz?q=a%00b").status_code == 400
    assert client.post("/language", data={"language": "e\0n"}).status_code == 400


@pytest.mark.parametrize("given", ['"' + "9" * 5000 + '"', '"9999999999999999999"', '"x"', "*"])
def test_a_version_that_no_row_can_have_has_changed_meanwhile(tmp_path: Path, given: str) -> None:
    with build(tmp_path).test_request_context(headers={"If-Match": given}), pytest.raises(PreconditionFailed):
        api.expected_version()


def test_only_the_present_content_is_cached_for_ever(client: FlaskClient) -> None:
    name = _any_asset()
    now = assets.fingerprint(name)
    for version, seconds in ((now, 31536000), ("000000000000", 3600)):
        with client.get(f"/static/{name}?v={version}", buffered=True) as response:
            assert response.cache_control.max_age == seconds


def _any_asset() -> str:
    return str(next(path for path in assets.STATIC.rglob("*.*") if path.is_file()).relative_to(assets.STATIC))
