"""SOKHAM_TRUSTED_PROXIES: whose word about the caller's address, scheme and host is taken (docs/production.md)."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from flask import request
from flask.testing import FlaskClient

from kernel.settings import Settings
from kernel.web.app import Portal, base_app

PROXY = "127.0.0.1"
OWN = {"Host": "staff.example"}
CLIENTS = {"X-Forwarded-For": "192.0.2.66", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "other.example"}


def behind(tmp_path: Path, *, proxies: int) -> FlaskClient:
    """A client that reaches the application from the proxy's address."""
    portal = Portal(name="staff", title="Test", package=tmp_path)
    app = base_app(portal, Settings(cookie_secret="x" * 32, trusted_proxies=proxies, metrics_from=f"{PROXY}/32"))

    @app.route("/seen")
    def seen() -> dict[str, object]:
        return {"address": request.remote_addr, "scheme": request.scheme, "host": request.host}

    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = PROXY
    return client


def values(one: str, other: str) -> dict[str, str]:
    """The three headers as a proxy leaves them that adds its own value to what came."""
    return {
        name: f"{value}, {added}" for (name, value), added in zip(CLIENTS.items(), (one, "http", other), strict=True)
    }


@pytest.mark.parametrize(
    ("proxies", "headers", "address", "scheme", "host"),
    [
        # Without a proxy that is told of, nothing that a caller writes is believed.
        (0, CLIENTS, PROXY, "http", "staff.example"),
        (0, {}, PROXY, "http", "staff.example"),
        # The proxy overwrites, or adds its own value at the end: the last one is believed.
        (1, CLIENTS, "192.0.2.66", "https", "other.example"),
        (1, values("198.51.100.7", "staff.example"), "198.51.100.7", "http", "staff.example"),
        # A header that is not set says nothing: everybody has the proxy's address.
        (1, {}, PROXY, "http", "staff.example"),
        # Two proxies: the value before the last, and nothing where there is only one.
        (2, values("198.51.100.7", "staff.example"), "192.0.2.66", "https", "other.example"),
        (2, CLIENTS, PROXY, "http", "staff.example"),
    ],
)
def test_so_many_proxies_are_believed(
    tmp_path: Path, proxies: int, headers: Mapping[str, str], address: str, scheme: str, host: str
) -> None:
    seen = behind(tmp_path, proxies=proxies).get("/seen", headers={**OWN, **headers})
    assert seen.get_json() == {"address": address, "scheme": scheme, "host": host}
    assert ("Strict-Transport-Security" in seen.headers) == (scheme == "https")


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("192.0.2.66:4711", "192.0.2.66"),
        ("[2001:db8::66]:4711", "2001:db8::66"),
        ("[2001:db8::66]", "2001:db8::66"),
        ("2001:DB8:0::66", "2001:db8::66"),
        # What is no address says nothing; one within a zone means nothing on another machine.
        ("unknown", PROXY),
        ("_hidden", PROXY),
        ("192.0.2", PROXY),
        ("fe80::1%eth0", PROXY),
        ("[]:80", PROXY),
    ],
)
def test_an_address_is_read_as_proxies_write_it(tmp_path: Path, said: str, address: str) -> None:
    client = behind(tmp_path, proxies=1)
    assert client.get("/seen", headers={**OWN, "X-Forwarded-For": said}).get_json()["address"] == address
    assert client.get("/metrics", headers={"X-Forwarded-For": said}).status_code == (200 if address == PROXY else 404)


def test_metrics_are_open_to_everybody_behind_a_proxy_on_a_named_network_that_says_no_address(tmp_path: Path) -> None:
    client = behind(tmp_path, proxies=1)
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.66"}).status_code == 404
    assert client.get("/metrics").status_code == 200
    assert behind(tmp_path, proxies=0).get("/metrics", headers=CLIENTS).status_code == 200
