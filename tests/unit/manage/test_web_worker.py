"""A caller who does not go on."""

import socket

from manage.web_worker import Deadlines


def test_reading_ends_when_its_time_is_over_and_the_answer_still_goes_out() -> None:
    deadlines = Deadlines(read_seconds=-1, whole_seconds=60)
    ours, theirs = socket.socketpair()
    with ours, theirs, deadlines.watch(ours):
        theirs.sendall(b"{")
        deadlines.enforce()
        ours.settimeout(5)
        assert ours.recv(1) == b"{"
        assert ours.recv(1) == b""
        ours.sendall(b"400")
        assert theirs.recv(3) == b"400"


def test_everything_ends_in_the_end() -> None:
    deadlines = Deadlines(read_seconds=-1, whole_seconds=-1)
    ours, theirs = socket.socketpair()
    with ours, theirs, deadlines.watch(ours):
        deadlines.enforce()
        theirs.settimeout(5)
        assert theirs.recv(1) == b""


def test_who_is_in_time_or_done_is_left_alone() -> None:
    deadlines = Deadlines(read_seconds=60)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        with deadlines.watch(ours):
            deadlines.enforce()
        done = Deadlines(read_seconds=-1, whole_seconds=-1)
        with done.watch(ours):
            pass
        done.enforce()
        theirs.sendall(b"on")
        assert ours.recv(2) == b"on"


def test_a_socket_that_is_closed_already_is_no_error() -> None:
    deadlines = Deadlines(read_seconds=-1)
    ours, theirs = socket.socketpair()
    with theirs, deadlines.watch(ours):
        ours.close()
        deadlines.enforce()
