"""The staff portal, as gunicorn calls it."""

from flask import Flask

from manage.entry.starting import begin, ready
from manage.wiring.staff import staff_app


def app() -> Flask:
    """The app of this process's settings."""
    return ready(staff_app(begin("staff")))
