"""All pages of a portal, read from its routes, so that a new one cannot be left out of a walk."""

from collections.abc import Iterable

from flask import Flask
from werkzeug.exceptions import HTTPException


def pages_of(app: Flask) -> set[str]:
    """Each GET that belongs to a feature and is not the API's: what every portal has beside them is in no blueprint."""
    return {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and "." in rule.endpoint and not rule.rule.startswith("/api/")
    }


def endpoints(app: Flask, paths: Iterable[str]) -> set[str]:
    """What answers at these addresses; an address that nothing answers counts for nothing."""
    bound = app.url_map.bind("localhost")
    found = set()
    for path in paths:
        try:
            found.add(str(bound.match(path, "GET")[0]))
        except HTTPException:
            continue
    return found


def left_out(app: Flask, seen: Iterable[str], *, no_pages: Iterable[str]) -> set[str]:
    """The pages that nobody looked at: a new one stands here until a walk leads to it."""
    return pages_of(app) - endpoints(app, seen) - set(no_pages)
