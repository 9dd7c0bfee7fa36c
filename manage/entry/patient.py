"""The patient portal, as gunicorn calls it."""

from flask import Flask

from manage.entry.starting import begin, ready
from manage.wiring.patient import patient_app


def app() -> Flask:
    """The app of this process's settings."""
    return ready(patient_app(begin("patient")))
