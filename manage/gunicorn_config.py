"""How gunicorn serves our apps, under `sokham up` and in compose.yaml: `gunicorn -c python:manage.gunicorn_config`.

SOKHAM_BIND, SOKHAM_WEB_WORKERS and SOKHAM_WEB_THREADS change what differs between machines. Each worker is a process
with a connection budget of its own.
"""

import gc
import os
from typing import Any

from prometheus_client import multiprocess

# Several, with commas between them, where one network may reach this process and another may not.
bind = os.environ.get("SOKHAM_BIND", "127.0.0.1:8000").split(",")
workers = int(os.environ.get("SOKHAM_WEB_WORKERS", "1"))
threads = int(os.environ.get("SOKHAM_WEB_THREADS", "8"))
worker_class = "manage.web_worker.DeadlineWorker"
# Without it one of two workers took every connection in a third of the runs.
reuse_port = True
control_socket_disable = True
# Longer than a browser or a proxy keeps a connection it does not use, so that ours is not the end that closes.
keepalive = 75
timeout = 60
graceful_timeout = 15
loglevel = "warning"
# Workers say that they live through a file; in memory it cannot be held up by a slow disk.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112 - gunicorn makes a private file there


def post_fork(_server: Any, _worker: Any) -> None:
    """A worker is about to import its app: as `manage.collector.resting`, until `post_worker_init`."""
    gc.disable()


def post_worker_init(_worker: Any) -> None:
    """The app is there."""
    gc.enable()


def child_exit(_server: Any, worker: Any) -> None:
    """A worker ended: its counters stay, what it said of the present does not."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # prometheus_client leaves it untyped
