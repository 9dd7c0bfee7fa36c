"""The bare server beside ours: Flask-SocketIO in threads with Redis between processes, rooms, and no question asked."""

import os
from typing import Any

from flask import Flask
from flask_socketio import SocketIO, join_room

PATH = "live"
REDIS = "BENCHMARK_REDIS"


def create_app() -> Flask:
    """The app; where Redis is stands in the environment."""
    app = Flask("bare")
    io = SocketIO(
        app,
        path=PATH,
        async_mode="threading",
        transports=["websocket"],
        cors_allowed_origins="*",
        message_queue=os.environ[REDIS],
    )

    @io.on("follow")
    def follow(asked: dict[str, Any]) -> dict[str, Any]:
        for topic in asked["topics"]:
            join_room(topic)
        return {"following": asked["topics"]}

    @app.get("/healthz")
    def health() -> str:
        return "ok"

    return app
