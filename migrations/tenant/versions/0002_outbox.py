"""The outbox, the sync's functions, and the hospital's sync key. The SQL stands beside this file, as it is run."""

from alembic import op

from migrations.tenant.sql_file import run_sql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_FUNCTIONS = (
    "grant_outbox(name, name, name, name)",
    "sync_store_cursor(text)",
    "sync_merge_person(uuid, uuid)",
    "sync_settle_person(uuid, uuid)",
    "sync_due()",
    "sync_backlog()",
    "sync_decide(uuid, text)",
    "sync_release(uuid, uuid[])",
    "sync_bury(uuid, uuid[], text[])",
    "sync_fail(uuid, uuid[], text[], double precision[])",
    "sync_settle(uuid, uuid[], uuid[])",
    "sync_claim(uuid, integer, double precision)",
    "sync_remembered(jsonb, text)",
)


def upgrade() -> None:
    """Make everything. Without parameters the driver sends a file of several statements as it is."""
    run_sql("0002_outbox.sql")


def downgrade() -> None:
    """Undo."""
    for function in _FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    op.drop_table("outbox")
    op.drop_table("sync_signing_keys")
