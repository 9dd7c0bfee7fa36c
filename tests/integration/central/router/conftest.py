"""A port that listens and is never asked, unless somebody is led astray."""

import socket
from collections.abc import Iterator

import pytest


@pytest.fixture
def unused_tcp_listener() -> Iterator[socket.socket]:
    """Something that would hear a password if one were sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener
