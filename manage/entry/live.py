"""Live updates, as gunicorn calls them."""

from flask import Flask

from manage.entry.starting import begin, ready
from manage.wiring.live import live_process


def app() -> Flask:
    """The app of this process's settings; it reads and looks from now on."""
    process = live_process(begin("live"))
    process.start()
    return ready(process.app)
