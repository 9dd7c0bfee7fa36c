"""Failures that the command line tells the operator in words: what is wrong, and what to do about it."""

from kernel.errors import SokhamError


class CommandFailed(SokhamError):
    """A command cannot go on. Its text is read by the operator, so it names the remedy, and it never holds a secret."""

    code = "command_failed"


class PortTaken(CommandFailed):
    """Another program listens on a port that we were told to use."""

    code = "port_taken"

    def __init__(self, port: int, *, purpose: str, remedy: str) -> None:
        super().__init__(f"Port {port} ({purpose}) is taken by another program. {remedy}")
        self.port = port
