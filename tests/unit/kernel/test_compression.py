"""Pages go compressed to who takes it; nothing else does."""

import gzip

import pytest
from flask import Flask, Response

from kernel.web import compression

PAGE = "<p>Nguyễn Thị Đào</p>" * 500


@pytest.fixture
def app() -> Flask:
    """An app with a page, a small page, an answer of the API, a stream, and something compressed already."""
    made = Flask(__name__)
    made.add_url_rule("/page", "page", lambda: PAGE)
    made.add_url_rule("/small", "small", lambda: "<p>ok</p>")
    made.add_url_rule("/json", "json", lambda: {"text": PAGE})
    made.add_url_rule("/stream", "stream", lambda: Response((part for part in [PAGE]), mimetype="text/html"))
    made.add_url_rule(
        "/ready", "ready", lambda: Response(b"x" * 5000, mimetype="text/html", headers={"Content-Encoding": "br"})
    )
    compression.install(made)
    return made


def test_a_page_comes_back_as_it_was(app: Flask) -> None:
    answer = app.test_client().get("/page", headers={"Accept-Encoding": "br, gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert int(answer.headers["Content-Length"]) == len(answer.data) < len(PAGE) / 5
    assert gzip.decompress(answer.data).decode() == PAGE


def test_its_length_tells_nothing(app: Flask) -> None:
    client = app.test_client()
    lengths = {len(client.get("/page", headers={"Accept-Encoding": "gzip"}).data) for _ in range(60)}
    assert len(lengths) > 15


@pytest.mark.parametrize("accepted", ["", "identity", "gzip;q=0", "br"])
def test_who_does_not_take_it_gets_it_plain(app: Flask, accepted: str) -> None:
    answer = app.test_client().get("/page", headers={"Accept-Encoding": accepted})
    assert "Content-Encoding" not in answer.headers
    assert answer.text == PAGE
    assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize(("path", "encoding"), [("/small", None), ("/json", None), ("/stream", None), ("/ready", "br")])
def test_the_rest_goes_as_it_is(app: Flask, path: str, encoding: str | None) -> None:
    answer = app.test_client().get(path, headers={"Accept-Encoding": "gzip"})
    assert answer.headers.get("Content-Encoding") == encoding
