"""What the jobs prune, and audit rows that cannot name their own transaction. The SQL stands beside this file."""

from contextlib import closing
from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    """Make everything. Without parameters the driver sends a file of several statements as it is."""
    connection = op.get_bind().connection.dbapi_connection
    if connection is None:
        raise RuntimeError("migrations run on a live connection")
    with closing(connection.cursor()) as cursor:
        cursor.execute((_SQL / "0004_jobs.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """Undo; `grant_hospital_core` gives the wider rights again at the next upgrade."""
    op.execute("DROP FUNCTION grant_jobs(name, name, name, name)")
    op.execute("DROP FUNCTION prune_expired(integer)")
    op.execute("ALTER TABLE audit_seals ALTER COLUMN signature DROP NOT NULL, ALTER COLUMN key_id DROP NOT NULL")
