"""Our own copies of styles, scripts and fonts: compressed, cached for ever, at an address that changes with them."""

import functools
import hashlib
from pathlib import Path

from flask import Flask, Response, request, send_from_directory, url_for
from werkzeug.security import safe_join

from kernel.errors import NotFound
from kernel.web.access import public

STATIC = Path(__file__).parent / "static"


@functools.lru_cache(maxsize=512)
def fingerprint(path: str) -> str:
    """Twelve hex digits of the content's SHA-256; raises FileNotFoundError for an asset that was not installed."""
    return hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]


def asset(path: str) -> str:
    """The address of a static file; it changes when the file does."""
    return url_for("static", filename=path, v=fingerprint(path))


@public("Styles, scripts and fonts hold nothing of anybody.")
def static(filename: str) -> Response:
    """A file of kernel/web/static, its `.gz` twin where the browser takes it."""
    path = safe_join(str(STATIC), filename)
    if path is None or not Path(path).is_file():
        raise NotFound("static file")
    zipped = request.accept_encodings["gzip"] > 0 and Path(f"{path}.gz").is_file()
    response = send_from_directory(STATIC, f"{filename}.gz" if zipped else filename)
    if zipped:
        response.content_type = _content_type(filename)
        response.content_encoding = "gzip"
    response.vary.add("Accept-Encoding")
    response.cache_control.max_age = 31536000 if "v" in request.args else 3600
    response.cache_control.public = True
    response.cache_control.no_cache = None
    return response


def _content_type(filename: str) -> str:
    types = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".json": "application/json"}
    return f"{types.get(Path(filename).suffix, 'application/octet-stream')}; charset=utf-8"


def install(app: Flask) -> None:
    """Serve /static and give templates `asset()`."""
    app.add_url_rule("/static/<path:filename>", endpoint="static", view_func=static)
    app.jinja_env.globals["asset"] = asset
