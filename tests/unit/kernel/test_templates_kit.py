"""The web kit: every template compiles, keeps to the content security policy, and names icons that exist."""

import re
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from flask import Flask, g

from kernel.settings import Settings
from kernel.web.access import public
from kernel.web.actor import Actor
from kernel.web.app import NavItem, Portal, base_app
from kernel.web.statuses import STATUSES
from manage.assets import ICONS, named_icons, unknown_icons

ROOT = Path(__file__).resolve().parents[3]
STATIC = ROOT / "kernel" / "web" / "static"
PACKAGES = sorted(path.parent for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests")
TEMPLATES = sorted(path for package in PACKAGES for path in package.rglob("templates/**/*.html"))

# What the policy refuses, or what would let text in as markup.
FORBIDDEN = {
    "the filter safe": re.compile(r"\|\s*safe\b"),
    "autoescape off": re.compile(r"autoescape\s+false", re.IGNORECASE),
    "an inline style": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "an inline handler": re.compile(r"<[^>{]*\son[a-z]+\s*=", re.IGNORECASE),
    "htmx's inline handler": re.compile(r"\bhx-on\b|hx-(vals|headers)\s*=\s*[\"']js:"),
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)[^>]*>", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    "an address elsewhere": re.compile(r"(src|href|action)\s*=\s*[\"'](https?:)?//", re.IGNORECASE),
}


def names(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", TEMPLATES, ids=names)
def test_a_template_compiles(path: Path, app: Flask) -> None:
    app.jinja_env.parse(path.read_text(encoding="utf-8"), filename=str(path))


@pytest.mark.parametrize("path", TEMPLATES, ids=names)
def test_a_template_keeps_to_the_policy(path: Path) -> None:
    source = re.sub(r"{#.*?#}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert [what for what, pattern in FORBIDDEN.items() if pattern.search(source)] == []


@pytest.mark.parametrize(
    "source",
    [
        '<p style="color: red">',
        "<style>p {}</style>",
        '<a onclick="x()">',
        "<script>x()</script>",
        "{{ name|safe }}",
        '<a href="javascript:x()">',
        '<form hx-on:click="x()">',
        '<script src="//elsewhere.example/x.js"></script>',
    ],
)
def test_the_rules_find_what_they_are_for(source: str) -> None:
    assert any(pattern.search(source) for pattern in FORBIDDEN.values())


def test_every_named_icon_is_in_the_list() -> None:
    assert unknown_icons(ROOT) == {}


def test_icons_are_found_however_they_are_named() -> None:
    forms = ["{{ icon('a-b') }}", '{{ button("x", icon="c") }}', "NavItem(icon='d')", '{"icon": "e"}']
    assert named_icons(forms) == {"a-b", "c", "d", "e"}


def test_the_sprite_holds_the_whole_list() -> None:
    sprite = (STATIC / "vendor" / "icons.svg").read_text(encoding="utf-8")
    assert set(re.findall(r'<symbol id="([^"]+)"', sprite)) == set(ICONS)
    assert len(ICONS) == len(set(ICONS))


def test_a_first_visit_stays_below_300_kb() -> None:
    """Sizes as sent: vendor text files compressed, ours as they are, three weights in the two subsets of Vietnamese."""
    compressed = [
        "vendor/tabler/tabler.min.css",
        "vendor/htmx/htmx.min.js",
        "vendor/fonts/fonts.css",
        "vendor/icons.svg",
    ]
    plain = ["css/sokham.css", "css/components.css", "js/sokham.js", "img/logo.svg", "img/favicon.svg"]
    fonts = [
        f"vendor/fonts/be-vietnam-pro-{subset}-{weight}-normal.woff2"
        for subset in ("latin", "vietnamese")
        for weight in (400, 500, 600)
    ]
    sent = [STATIC / f"{name}.gz" for name in compressed] + [STATIC / name for name in plain + fonts]
    page_and_headers = 30_000
    assert sum(path.stat().st_size for path in sent) + page_and_headers < 300_000


def test_styles_use_no_weight_that_a_first_visit_would_pay_for() -> None:
    own = "".join(path.read_text(encoding="utf-8") for path in (STATIC / "css").glob("*.css"))
    assert set(re.findall(r"font-weight:\s*(\w+)", own)) <= {"400", "500", "600"}


# ---- rendered


@pytest.fixture
def app() -> Flask:
    portal = Portal(
        name="staff",
        title="Staff portal",
        package=ROOT / "kernel",
        navigation=tuple(NavItem(endpoint=f"page{n}", label=f"Page {n}", icon="home") for n in range(6)),
        sign_in_endpoint="page0",
    )
    app = base_app(portal, Settings(cookie_secret="only-for-this-test"))
    for n in range(6):
        app.add_url_rule(f"/page{n}", endpoint=f"page{n}", view_func=public("Only in this test.")(lambda: ""))
    return app


def rendered(app: Flask, source: str, *, path: str = "/page1", **values: object) -> str:
    with app.test_request_context(path):
        return app.jinja_env.from_string(source).render(**values)


def page(app: Flask, source: str, *, path: str = "/page1", signed_in: bool = True, **values: object) -> str:
    with app.test_request_context(path):
        if signed_in:
            g.actor = Actor(
                kind="staff",
                id=uuid4(),
                session_id=uuid4(),
                name="Trần Thị Hương",
                role="nurse",
                permissions=frozenset(),
            )
            g.hospital = SimpleNamespace(name="Bệnh viện Hoa Sen")
        context: dict[str, object] = {}
        app.update_template_context(context)
        return app.jinja_env.from_string(source).render(**context, **values)


def test_the_portal_shows_who_where_and_what(app: Flask) -> None:
    html = page(app, '{% extends "kit/portal.html" %}{% block main %}<p>here</p>{% endblock %}')
    assert "Trần Thị Hương" in html
    assert "Bệnh viện Hoa Sen" in html
    assert '<html lang="vi" data-portal="staff">' in html
    assert re.search(r'href="/page1"[^>]*aria-current="page"', html)
    assert html.count('aria-current="page"') == 3, "sidebar, bottom bar and the sheet of all pages"


def test_the_portal_stands_without_a_person(app: Flask) -> None:
    html = page(app, '{% extends "kit/portal.html" %}', signed_in=False)
    assert "popover" not in html


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 429, 500, 503])
def test_an_error_says_what_happened_and_the_number_to_give(status: int, app: Flask) -> None:
    problem = {"title": "T <b>", "detail": "D", "status": status, "code": "any", "request_id": "0123456789"}
    html = page(app, '{% extends "kit/error.html" %}', problem=problem, retry_after=12)
    assert "T &lt;b&gt;" in html
    assert "0123456789" in html
    assert ('data-retry-after="12"' in html) == (status != 401)


def test_every_status_has_a_word_and_an_icon_that_exists(app: Flask) -> None:
    for status in STATUSES:
        html = rendered(app, '{% from "kit/macros/data.html" import status_badge %}{{ status_badge(s) }}', s=status)
        assert status not in re.sub(r"<[^>]+>", "", html)
        assert set(re.findall(r"icons\.svg[^#]*#([a-z0-9-]+)", html)) <= set(ICONS)


def test_a_field_ties_its_error_to_its_input(app: Flask) -> None:
    source = '{% from "kit/macros/forms.html" import field %}{{ field("name", "Họ tên", errors=e, hint="H") }}'
    html = rendered(app, source, e={"name": ["<b>thiếu</b>"]})
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="name-error name-hint"' in html
    assert "&lt;b&gt;thiếu&lt;/b&gt;" in html
    assert 'aria-invalid="true"' not in rendered(app, source, e={})


def test_a_name_is_never_markup(app: Flask) -> None:
    source = '{% from "kit/macros/patient.html" import patient_banner %}{{ patient_banner(p) }}'
    patient = {"name": "<img src=x>", "code": "1", "sex": "male", "date_of_birth": "01/02/1990"}
    html = rendered(app, source, p=patient)
    assert "<img" not in html
    assert "sk-patient-allergies" not in html, "nothing is said where none is known"


def test_the_words_of_a_search_go_on_in_a_form_and_not_in_an_address(app: Flask) -> None:
    source = (
        '{% from "kit/macros/data.html" import pagination %}{{ pagination("NEXT", fields={"q": "079"}, action="/s") }}'
    )
    html = rendered(app, source)
    assert "href" not in re.sub(r"<use[^>]*>", "", html)
    assert 'name="q" value="079"' in html


def test_a_link_to_the_next_page_keeps_the_query_and_nothing_else(app: Flask) -> None:
    source = '{% from "kit/macros/data.html" import pagination %}{{ pagination("NE/XT") }}'
    html = rendered(app, source, path="/page1?day=2026-11-21&_scheme=javascript&cursor=OLD")
    assert 'href="?day=2026-11-21&amp;_scheme=javascript&amp;cursor=NE%2FXT"' in html
    assert 'href="?day=2026-11-21&amp;_scheme=javascript"' in html


def test_what_cannot_be_undone_is_asked_without_javascript_too(app: Flask) -> None:
    source = '{% from "kit/macros/buttons.html" import confirm_form %}{{ confirm_form("c", "X", "/x", "?", phrase=p) }}'
    html = rendered(app, source, p="yes")
    assert 'data-confirm="c"' in html
    assert re.search(r"<noscript>.*type=\"checkbox\" required.*</noscript>", html)
    assert 'data-confirm-phrase="yes"' in html
