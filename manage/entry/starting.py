"""What every web process does first and last."""

import gc
import os

from flask import Flask

from kernel.settings import Settings, read
from kernel.telemetry import logs


def begin(process: str) -> Settings:
    """The settings of a process, whose log lines bear its name from now on."""
    settings = read({**os.environ, "SOKHAM_PROCESS": os.environ.get("SOKHAM_PROCESS", process)})
    logs.configure(level=settings.log_level, process=settings.process)
    return settings


def ready(app: Flask) -> Flask:
    """What was imported and built stays for good: the collector need not look at it again and again, which was half of
    the work of taking a batch of the sync.
    """
    gc.collect()
    gc.freeze()
    return app
