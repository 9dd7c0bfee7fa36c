"""What the embedded PostgreSQL is configured with, as the text of its files."""

from dataclasses import dataclass
from pathlib import Path

# Every connection proves a password, also over the Unix socket: any process of this machine can reach loopback.
# There is no line for replication, so it is refused.
HBA = """\
# Written by sokham at each start.
local all all              scram-sha-256
host  all all 127.0.0.1/32 scram-sha-256
host  all all ::1/128      scram-sha-256
"""

# A statement, its parameters and the DETAIL of an error (which quotes the key that collided) may hold a patient's data.
_SILENCE = {
    "log_connections": "",
    "log_disconnections": "off",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_lock_waits": "off",
    "log_autovacuum_min_duration": "-1",
}

# A container often has little shared memory, and hospitals are many and small rather than few and large.
_SIZES = {
    "shared_buffers": "128MB",
    "max_locks_per_transaction": "256",
    "max_wal_size": "1GB",
    "autovacuum_naptime": "1min",
    "superuser_reserved_connections": "5",
}

_DURABLE = {
    "logging_collector": "on",
    "log_filename": "postgresql-%a.log",
    "log_file_mode": "0600",
    "log_rotation_age": "1d",
    "log_truncate_on_rotation": "on",
}

# A test's server is thrown away, so it need not survive the machine's fall, nor feed a replica.
_FLEETING = {
    "logging_collector": "off",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "io_method": "sync",
    "autovacuum": "off",
    # Hundreds of connections prove their password each minute.
    "scram_iterations": "1",
}


@dataclass(frozen=True, kw_only=True)
class PostgresSettings:
    """The settings that differ from one server to the next."""

    port: int
    socket_directory: Path
    log_directory: Path
    max_connections: int
    durable: bool

    def render(self) -> str:
        """The text of the settings file."""
        values = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.socket_directory),
            "unix_socket_permissions": "0700",
            "max_connections": str(self.max_connections),
            "password_encryption": "scram-sha-256",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "lc_messages": "C",
            "cluster_name": "sokham",
            "log_directory": str(self.log_directory),
            "log_line_prefix": "%m [%p] %d %u ",
            **_SILENCE,
            **_SIZES,
            **(_DURABLE if self.durable else _FLEETING),
        }
        lines = (f"{name} = {_quoted(value)}" for name, value in values.items())
        return "\n".join(("# Written by sokham at each start: changes here are lost.", *lines, ""))


def port_in(text: str) -> int | None:
    """The port that a settings file names."""
    for line in text.splitlines():
        name, _, value = line.partition(" = ")
        if name == "port":
            return int(value.strip("'"))
    return None


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
