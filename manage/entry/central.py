"""The console, central's API and the ingest, as gunicorn calls it."""

from flask import Flask

from manage.entry.starting import begin, ready
from manage.wiring.central import central_app


def app() -> Flask:
    """The app of this process's settings."""
    return ready(central_app(begin("central")))
