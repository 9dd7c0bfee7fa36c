"""A real nginx with the proxy's own configuration, in front of a staff portal that runs as compose.yaml says."""

import json
import re
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any
from urllib.parse import urlencode

import pytest

from kernel.settings import Settings
from tests.contract.compose.fronted import Proxy, proxy_before
from tests.contract.compose.production import Production, production, rows_of
from tests.support.live import NotLetIn, Window
from tests.support.waiting import wait_until

PASSWORD = "một mật khẩu thật dài 2026"
# By another way than the ordinary callers of these tests.
CALLER, SPOOFED = "127.0.0.77", "203.0.113.9"
# More than the threads of both workers.
SLOW = 20
LIMIT = 128
START_SECONDS = 60.0
# Far below the 20 s for which a portal itself would bear with a slow caller.
SOON_SECONDS = 10.0


@pytest.fixture(scope="module")
def installed() -> Iterator[Production]:
    """Servers after `setup`, the staff portal, and its live updates."""
    with production() as made:
        made.run("setup")
        for name in ("staff", "live"):
            process = made.start(name)

            def well(name: str = name, process: Any = process) -> bool:
                assert process.poll() is None, made.said(name)
                return made.healthy(name)

            wait_until(well, seconds=START_SECONDS, what=f"the health check of {name}")
        yield made


@pytest.fixture(scope="module")
def proxy(installed: Production) -> Iterator[Proxy]:
    """The proxy in front of it."""
    with proxy_before(installed) as started:
        yield started


def test_nginx_takes_the_configuration(proxy: Proxy) -> None:
    checked = proxy.checked()
    assert checked.returncode == 0, checked.stderr
    assert "[warn]" not in checked.stderr
    assert "test is successful" in checked.stderr
    written = proxy.tried.read_text(encoding="utf-8")
    assert "${" not in written
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in written


def test_a_hospitals_own_domain_leads_to_the_portal_that_it_is_given_to(proxy: Proxy) -> None:
    checked = proxy.checked(SOKHAM_STAFF_DOMAINS="", SOKHAM_PATIENT_DOMAINS="bv-mot.example.org bv-hai.example.org")
    assert checked.returncode == 0, checked.stderr
    written = proxy.tried.read_text(encoding="utf-8")
    assert "patient; bv-mot.example.org patient; bv-hai.example.org patient;" in written
    assert written.count("bv-mot.example.org bv-hai.example.org;") == 2
    assert proxy.checked(SOKHAM_STAFF_DOMAINS="bv-mot.example.org /etc/*").returncode == 1
    twice = proxy.checked(SOKHAM_STAFF_DOMAINS="bv-mot.example.org", SOKHAM_PATIENT_DOMAINS="bv-mot.example.org")
    assert "conflicting parameter" in twice.stderr


@pytest.mark.parametrize(
    "address", ["", "http://staff.example.vn", "https://staff.example.vn:8443", "https://a; return 200", "https://a/b"]
)
def test_an_address_that_is_no_name_does_not_become_configuration(proxy: Proxy, address: str) -> None:
    checked = proxy.checked(SOKHAM_STAFF_URL=address)
    assert checked.returncode == 1
    assert "SOKHAM_STAFF_URL must be https://" in checked.stderr
    assert "nginx:" not in checked.stderr


def test_a_page_is_served_over_tls(proxy: Proxy) -> None:
    with proxy.connect("staff") as connection:
        assert connection.version() == "TLSv1.3"
    page = proxy.ask("staff", "GET", "/sign-in")
    assert page.status == 200
    assert 'name="password"' in page.text
    # Once: the portal sends it, since it knows that the caller came by https.
    assert page.headers["strict-transport-security"] == ["max-age=31536000; includeSubDomains"]
    assert page.headers["server"] == ["nginx"]
    assert all("; Secure" in cookie for cookie in page.headers["set-cookie"])


def test_the_portal_sees_who_asks_whatever_the_caller_says(installed: Production, proxy: Proxy) -> None:
    made = installed.run("setup", "sokham", "tenant", "create", "bv-mot", "--name", "Bệnh viện Một", "--json")
    body = json.dumps({"token": json.loads(made.stdout)["admin_invite"]["token"], "password": PASSWORD})
    accepted = proxy.ask(
        "staff",
        "POST",
        "/api/v1/auth/accept-invite",
        body,
        caller=CALLER,
        Content_Type="application/json",
        X_Forwarded_For=SPOOFED,
        X_Forwarded_Proto="http",
        Forwarded=f"for={SPOOFED}",
    )
    assert accepted.status == 200, accepted.text
    assert "strict-transport-security" in accepted.headers
    ((database,),) = rows_of(installed.hospitals, "postgres", "SELECT datname FROM pg_database WHERE datname ~ '^h_'")
    assert rows_of(installed.hospitals, database, "SELECT DISTINCT host(ip_address) FROM staff_sessions") == [(CALLER,)]


def test_a_form_is_taken_under_its_own_name_and_under_no_other(proxy: Proxy) -> None:
    """Forms are taken from pages of the same host only, over TLS: so the portal knows the host that people see."""
    shown = proxy.ask("staff", "GET", "/sign-in")
    found = re.search(r'<meta name="csrf-token" content="([^"]+)"', shown.text)
    assert found is not None
    cookies = "; ".join(cookie.partition(";")[0] for cookie in shown.headers["set-cookie"])

    def sent(from_host: str) -> int:
        return proxy.ask(
            "staff",
            "POST",
            "/sign-in",
            f"csrf_token={found[1]}",
            Cookie=cookies,
            Referer=f"https://{from_host}/sign-in",
            Content_Type="application/x-www-form-urlencoded",
            X_Forwarded_Host="elsewhere.example",
        ).status

    assert sent(proxy.names["staff"]) == 422
    assert sent("elsewhere.example") == 400


def signed_in(proxy: Proxy, hospital: str, token: str) -> str:
    """The page's cookie of a hospital's first member of staff, who accepts the invite over the page."""
    shown = proxy.ask("staff", "GET", "/invite")
    found = re.search(r'<meta name="csrf-token" content="([^"]+)"', shown.text)
    assert found is not None
    cookies = "; ".join(cookie.partition(";")[0] for cookie in shown.headers["set-cookie"])
    accepted = proxy.ask(
        "staff",
        "POST",
        "/invite",
        urlencode({"csrf_token": found[1], "code": token, "password": PASSWORD}),
        Cookie=cookies,
        Referer=f"https://{proxy.names['staff']}/invite",
        Content_Type="application/x-www-form-urlencoded",
    )
    assert accepted.status == 303, accepted.text
    held = [cookie for cookie in accepted.headers["set-cookie"] if cookie.startswith("sokham_staff_session=")]
    return held[0].partition(";")[0].partition("=")[2]


def test_live_updates_are_at_the_staff_portals_own_address(installed: Production, proxy: Proxy) -> None:
    made = installed.run("setup", "sokham", "tenant", "create", "bv-song", "--name", "Bệnh viện Sống", "--json")
    cookie = signed_in(proxy, "bv-song", json.loads(made.stdout)["admin_invite"]["token"])
    origin = f"https://{proxy.names['staff']}"
    window = Window.open(origin, cookie=cookie, origin=origin, wire=proxy.connect("staff", caller=CALLER))
    assert window.follow("queue")["following"] == ["queue"]
    with pytest.raises(NotLetIn, match="403"):
        Window.open(origin, cookie=cookie, origin="https://elsewhere.example", wire=proxy.connect("staff"))
    database = next(
        name
        for (name,) in rows_of(installed.hospitals, "postgres", "SELECT datname FROM pg_database WHERE datname ~ '^h_'")
        if rows_of(installed.hospitals, name, "SELECT FROM hospital_info WHERE name = 'Bệnh viện Sống'")
    )
    connected = "SELECT host(ip_address) FROM websocket_connections"
    wait_until(lambda: rows_of(installed.hospitals, database, connected) == [(CALLER,)], what="who is connected")
    window.close()
    for portal in ("patient", "central"):
        assert proxy.ask(portal, "GET", "/live/?EIO=4&transport=websocket").status == 404


def test_slow_callers_do_not_keep_others_from_being_answered(proxy: Proxy) -> None:
    # A form, which the portal would read to its end.
    form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n"
    head = f"POST /sign-in HTTP/1.1\r\nHost: {proxy.names['staff']}\r\n{form}"
    with ExitStack() as held:
        in_header, in_body = [], []
        for _ in range(SLOW):
            in_header.append(held.enter_context(proxy.connect("staff")))
            in_header[-1].sendall(head.encode())
            in_body.append(held.enter_context(proxy.connect("staff")))
            in_body[-1].sendall(f"{head}\r\n".encode())
        for _ in range(3):
            for connection in in_header:
                # Whoever has not sent the whole header within 10 s is sent away.
                with suppress(OSError):
                    connection.sendall(b"a")
            for connection in in_body:
                connection.sendall(b"a")
            ordinary = held.enter_context(proxy.connect("staff"))
            ordinary.settimeout(SOON_SECONDS)
            ordinary.sendall(f"GET /sign-in HTTP/1.1\r\nHost: {proxy.names['staff']}\r\n\r\n".encode())
            assert ordinary.recv(12) == b"HTTP/1.1 200"
        for connection in in_body:
            # Nobody was answered or sent away: they were all there the whole time.
            connection.setblocking(False)
            with pytest.raises(ssl.SSLWantReadError):
                connection.recv(1)


def test_one_address_cannot_hold_more_than_its_share(proxy: Proxy) -> None:
    with ExitStack() as held:
        head = f"POST /sign-in HTTP/1.1\r\nHost: {proxy.names['staff']}\r\nContent-Length: 1000\r\n\r\n"
        for _ in range(LIMIT):
            held.enter_context(proxy.connect("staff", caller=CALLER)).sendall(head.encode())
        # nginx may still be reading what was sent last.
        wait_until(lambda: proxy.ask("staff", "GET", "/sign-in", caller=CALLER).status == 429, what="the limit")
        refused = proxy.ask("staff", "GET", "/api/openapi.json", caller=CALLER)
        assert refused.status == 429
        assert json.loads(refused.text)["code"] == "too_many_requests"
        assert refused.headers["retry-after"] == ["5"]
        assert proxy.ask("staff", "GET", "/sign-in").status == 200
    wait_until(lambda: proxy.ask("staff", "GET", "/sign-in", caller=CALLER).status == 200, what="the limit's end")


def test_as_much_is_taken_as_the_portals_take(proxy: Proxy) -> None:
    most = Settings().max_body_bytes
    whole = proxy.ask("staff", "POST", "/api/v1/auth/login", b" " * most, Content_Type="application/json")
    assert whole.status in {400, 422}, whole.text
    assert whole.headers["x-request-id"], "the portal itself answered"
    more = proxy.ask("staff", "POST", "/api/v1/auth/login", Content_Length=str(most + 1))
    assert more.status == 413
    assert json.loads(more.text)["code"] == "too_large"
    page = proxy.ask("staff", "POST", "/sign-in", Content_Length=str(most + 1))
    assert page.status == 413
    assert "Nội dung quá lớn" in page.text


@pytest.mark.parametrize(
    "path",
    [
        "/metrics",
        "//metrics",
        "/%6detrics",
        "/static/../metrics",
        "/metrics?name=x",
        "/api/v1/sync/batches",
        "/api/v1/sync/changes?cursor=1",
    ],
)
@pytest.mark.parametrize("portal", ["central", "staff", "patient"])
def test_what_is_for_the_inside_is_closed(proxy: Proxy, portal: str, path: str) -> None:
    """By the proxy itself: for `central` and `patient`, which do not run here, anything else would be 503."""
    assert proxy.ask(portal, "GET", path).status == 404


def test_a_portal_that_is_away_is_said_to_be(proxy: Proxy) -> None:
    page = proxy.ask("patient", "GET", "/")
    assert page.status == 503
    assert "Tạm thời chưa phục vụ được" in page.text
    assert page.headers["content-type"] == ["text/html; charset=utf-8"]
    problem = proxy.ask("patient", "POST", "/api/v1/auth/login", "{}", Content_Type="application/json")
    assert problem.status == 503
    assert problem.headers["content-type"] == ["application/problem+json"]
    assert problem.headers["retry-after"] == ["5"]
    said = json.loads(problem.text)
    assert said["code"] == "unavailable"
    assert said["status"] == 503


def test_without_tls_people_are_led_to_tls(proxy: Proxy) -> None:
    led = proxy.ask_plainly(proxy.names["patient"], "/sign-in?next=%2Frecord")
    assert led.status == 308
    assert led.headers["location"] == [f"https://{proxy.names['patient']}/sign-in?next=%2Frecord"]


def test_other_names_are_not_answered(proxy: Proxy) -> None:
    with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
        proxy.connect("elsewhere.example")
    with pytest.raises(ConnectionResetError):
        proxy.ask_plainly("elsewhere.example", "/")


def test_a_new_certificate_is_taken_while_it_serves(installed: Production, proxy: Proxy) -> None:
    def shown() -> bytes | None:
        with proxy.connect("staff") as connection:
            return connection.getpeercert(binary_form=True)

    before = shown()
    for file in ("proxy_certificate", "proxy_key"):
        (installed.secrets / file).unlink()
    subprocess.run([installed.secrets.parent / "make-secrets"], check=True, capture_output=True, timeout=120)
    proxy.reload()
    wait_until(lambda: shown() != before, what="the new certificate")
    assert proxy.ask("staff", "GET", "/sign-in").status == 200


def test_the_log_names_no_path_and_no_query(proxy: Proxy) -> None:
    before = len(proxy.answered())
    for portal, path in (
        ("staff", "/needle?needle=1"),
        ("patient", "/needle?needle=2"),
        ("central", "/metrics?needle"),
    ):
        proxy.ask(portal, "GET", path, Referer="https://staff.example.vn/needle", User_Agent="needle")
    proxy.ask("staff", "POST", "/needle?needle=4", Content_Length=str(2 * Settings().max_body_bytes))
    wait_until(lambda: len(proxy.answered()) >= before + 4, what="four lines")
    lines = {(line["portal"], line["method"], line["status"]) for line in proxy.answered()[before:]}
    assert {("patient", "GET", "503"), ("central", "GET", "404"), ("staff", "POST", "413")} <= lines
    assert "needle" not in proxy.log.read_text(encoding="utf-8")
