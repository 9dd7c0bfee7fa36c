"""What gunicorn calls: one function for each web process, `manage.entry:staff()`."""

import gc
import os

from flask import Flask

from kernel.settings import Settings, read
from kernel.telemetry import logs
from manage import wiring


def _settings(process: str) -> Settings:
    settings = read({**os.environ, "SOKHAM_PROCESS": os.environ.get("SOKHAM_PROCESS", process)})
    logs.configure(level=settings.log_level, process=settings.process)
    return settings


def _ready(app: Flask) -> Flask:
    """What was imported and built stays for good: the collector need not look at it again and again, which was half of
    the work of taking a batch of the sync.
    """
    gc.collect()
    gc.freeze()
    return app


def central() -> Flask:
    """The console, central's API and the ingest."""
    return _ready(wiring.central_app(_settings("central")))


def staff() -> Flask:
    """The staff portal."""
    return _ready(wiring.staff_app(_settings("staff")))


def live() -> Flask:
    """Live updates; it reads and looks from now on."""
    process = wiring.live_process(_settings("live"))
    process.start()
    return _ready(process.app)


def patient() -> Flask:
    """The patient portal."""
    return _ready(wiring.patient_app(_settings("patient")))
