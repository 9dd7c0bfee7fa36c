"""The hospital core: staff, patients, appointments, portal accounts, audit, outbox.

The SQL stands in the folder beside this one, as it is run.
"""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SQL = Path(__file__).parents[1] / "sql"


def _run(name: str) -> None:
    """Run a file of several statements; without parameters the driver sends it as it is."""
    connection: Any = op.get_bind().connection.driver_connection
    connection.execute((_SQL / name).read_text(encoding="utf-8"))


def upgrade() -> None:
    """Make everything."""
    _run("0001_functions_before.sql")
    _run("0001_tables.sql")
    _run("0001_functions_after.sql")
    _run("0001_grants.sql")


def downgrade() -> None:
    """Take everything away, with what is in it."""
    _run("0001_down.sql")
