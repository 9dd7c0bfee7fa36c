"""Our own copies of styles, scripts and fonts: compressed, cached for ever, at an address that changes with them."""

import functools
import gzip
import hashlib
from pathlib import Path

from flask import Flask, Response, request, send_from_directory
from werkzeug.security import safe_join

from kernel.errors import NotFound
from kernel.web.access import public

STATIC = Path(__file__).parent / "static"
_PREFIX = "/static"
_TEXT = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
}


@functools.lru_cache(maxsize=512)
def fingerprint(path: str) -> str:
    """Twelve hex digits of the content's SHA-256; raises FileNotFoundError for an asset that was not installed."""
    return hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]


def asset(path: str) -> str:
    """The address of a static file; it changes when the file does. Each icon of a page asks, so no map is searched."""
    return f"{_PREFIX}/{path}?v={fingerprint(path)}"


@functools.lru_cache(maxsize=64)
def _compressed(path: str, fingerprint: str) -> bytes:
    """The file in gzip's form: its twin from the build, else made once for this content."""
    del fingerprint
    twin = STATIC / f"{path}.gz"
    return (
        twin.read_bytes() if twin.is_file() else gzip.compress((STATIC / path).read_bytes(), compresslevel=9, mtime=0)
    )


@public("Styles, scripts and fonts hold nothing of anybody.")
def static(filename: str) -> Response:
    """A file of kernel/web/static, compressed where it helps and the browser takes it."""
    path = safe_join(str(STATIC), filename)
    if path is None or not Path(path).is_file():
        raise NotFound("static file")
    suffix = Path(filename).suffix
    if suffix in _TEXT and request.accept_encodings["gzip"] > 0:
        response = Response(_compressed(filename, fingerprint(filename)), content_type=_TEXT[suffix])
        response.content_encoding = "gzip"
    else:
        response = send_from_directory(STATIC, filename)
    response.vary.add("Accept-Encoding")
    # For ever only under the address of this very content: an old process that is asked for a new page's file while
    # both run, or somebody who asks for a version that is yet to come, would plant the old one in every cache.
    current = request.args.get("v") == fingerprint(filename)
    response.cache_control.max_age = 31536000 if current else 3600
    response.cache_control.public = True
    response.cache_control.no_cache = None
    return response


def install(app: Flask) -> None:
    """Serve /static and give templates `asset()`."""
    app.add_url_rule(f"{_PREFIX}/<path:filename>", endpoint="static", view_func=static)
    app.jinja_env.globals["asset"] = asset
