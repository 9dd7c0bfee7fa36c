"""What gunicorn calls: one function for each web process, `manage.entry:staff()`."""

import os

from flask import Flask

from kernel.settings import Settings, read
from kernel.telemetry import logs
from manage import wiring


def _settings(process: str) -> Settings:
    settings = read({**os.environ, "SOKHAM_PROCESS": os.environ.get("SOKHAM_PROCESS", process)})
    logs.configure(level=settings.log_level, process=settings.process)
    return settings


def central() -> Flask:
    """The console, central's API and the ingest."""
    return wiring.central_app(_settings("central"))


def staff() -> Flask:
    """The staff portal."""
    return wiring.staff_app(_settings("staff"))


def patient() -> Flask:
    """The patient portal."""
    return wiring.patient_app(_settings("patient"))
