"""What every web process does first and last."""

import os

from flask import Flask

from kernel.settings import Settings, read
from kernel.telemetry import logs
from manage import collector


def begin(process: str) -> Settings:
    """The settings of a process, whose log lines bear its name from now on."""
    settings = read({**os.environ, "SOKHAM_PROCESS": os.environ.get("SOKHAM_PROCESS", process)})
    logs.configure(level=settings.log_level, process=settings.process)
    return settings


def ready(app: Flask) -> Flask:
    """An app that is built, and stays."""
    collector.keep_all()
    return app
