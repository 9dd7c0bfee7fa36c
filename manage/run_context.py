"""What `sokham up` knows once its servers run, as the bootstrap steps and the list of processes get it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from kernel.settings import Settings
from manage.data_dir import DataDir
from manage.embedded.addresses import PostgresAddress, RedisAddress


@dataclass(frozen=True, kw_only=True)
class WebPorts:
    """The ports that the processes listen on: `--port-base` and the three after it."""

    central: int
    staff: int
    patient: int
    live: int

    @classmethod
    def from_base(cls, base: int) -> "WebPorts":
        """Base, base + 1, base + 2, base + 3 (contract.md)."""
        return cls(central=base, staff=base + 1, patient=base + 2, live=base + 3)


@dataclass(frozen=True, kw_only=True)
class Login:
    """Somebody who can sign in, for the ready screen. Only demo accounts have a password to show."""

    portal: str
    url: str
    username: str
    hospital: str = ""
    password: str = field(default="", repr=False)


@dataclass(kw_only=True)
class RunContext:
    """`postgres` and `redis` are None where DATABASE_URL and REDIS_URL in `settings` name servers of your own.

    Steps add to `logins` and `notes` what the ready screen should say, and call `report` with a few words while they
    work. `settings` are those of the command itself; a process gets an environment of its own (manage/processes.py).
    """

    data_dir: DataDir
    settings: Settings
    ports: WebPorts
    demo: bool
    postgres: PostgresAddress | None
    redis: RedisAddress | None
    report: Callable[[str], None] = field(default=lambda _text: None, repr=False)
    logins: list[Login] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
