"""Runs a file of SQL beside the revisions, as it is written."""

from pathlib import Path
from typing import Any

from alembic import op

_SQL = Path(__file__).parent / "sql"


def run_sql(name: str) -> None:
    """Run a file of several statements; without parameters the driver sends it as it is."""
    connection: Any = op.get_bind().connection.driver_connection
    connection.execute((_SQL / name).read_text(encoding="utf-8"))
