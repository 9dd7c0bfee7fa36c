"""gunicorn's threads for connections that last."""

import resource
import threading
from typing import Any

from manage.web_worker import DeadlineWorker


class LiveWorker(DeadlineWorker):
    """Waits for no slow caller until the request is read; from then on the live process itself says how long."""

    def init_process(self) -> None:
        """In the worker's process, before it serves: a connection is an open file, of which some give a thousand."""
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        super().init_process()

    def handle_request(self, req: Any, conn: Any) -> Any:
        """In the connection's own thread, which a websocket keeps until it ends."""
        self._deadlines.forget(conn.sock)
        return super().handle_request(req, conn)

    def handle_exit(self, sig: Any, frame: Any) -> None:
        """SIGTERM: browsers are let go, so that they come again to another process, and the threads end."""
        super().handle_exit(sig, frame)
        # A signal's handler must not wait.
        threading.Thread(target=self.wsgi.extensions["live"].stop, name="live-stop").start()
