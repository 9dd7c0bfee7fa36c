"""A right activation code that is shown with a wrong number counts as a try. The SQL stands beside this file."""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    """The function in its stricter form, and the index by which it finds a code."""
    _run((_SQL / "0005_code_tries.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """The function as 0001 has it; a replaced function keeps who may call it."""
    _run("DROP INDEX ix_portal_invites_code_hash")
    _run((_SQL / "0005_down.sql").read_text(encoding="utf-8"))


def _run(statements: str) -> None:
    """Without parameters the driver sends several statements as they are."""
    connection = op.get_bind().connection.dbapi_connection
    if connection is None:
        raise RuntimeError("migrations run on a live connection")
    with connection.cursor() as cursor:
        cursor.execute(statements)
