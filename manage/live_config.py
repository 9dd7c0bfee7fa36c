"""How gunicorn serves live updates: `gunicorn -c python:manage.live_config "manage.entry.live:app()"`.

One worker, for the connections of a browser all belong to one process; a thread for each connection, and as many
connections as SOKHAM_LIVE_CONNECTIONS says. More processes may run beside it, each with a port of its own.
"""

import os

from manage.gunicorn_config import (
    bind,
    child_exit,
    control_socket_disable,
    graceful_timeout,
    keepalive,
    loglevel,
    post_fork,
    post_worker_init,
    timeout,
    worker_tmp_dir,
)

__all__ = [
    "bind",
    "child_exit",
    "control_socket_disable",
    "graceful_timeout",
    "keepalive",
    "loglevel",
    "post_fork",
    "post_worker_init",
    "threads",
    "timeout",
    "worker_class",
    "worker_connections",
    "worker_tmp_dir",
    "workers",
]

workers = 1
# Some are left for the machine's own questions when every place is taken.
threads = int(os.environ.get("SOKHAM_LIVE_CONNECTIONS", "1200")) + 40
# Besides those that are served: kept for the next request, or waiting to be told that there is no room.
worker_connections = threads + 100
worker_class = "manage.live_worker.LiveWorker"
