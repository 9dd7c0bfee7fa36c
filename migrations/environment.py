"""What both Alembic environments do."""

from typing import Any

from alembic.runtime.environment import EnvironmentContext
from sqlalchemy import Connection

CONNECTION = "connection"
ON_APPLY = "on_apply"


def run(context: EnvironmentContext | Any) -> None:
    """Run the revisions asked for on the connection given, in its transaction. Only `migrations.runner` starts this.

    Alembic gets no metadata: with them it would apply our naming convention to the names that a revision writes out.
    """
    attributes = context.config.attributes
    connection: Connection | None = attributes.get(CONNECTION)
    if connection is None:
        raise RuntimeError("Migrations are run by `sokham migrate`, which takes locks and keeps the history.")
    context.configure(
        connection=connection,
        target_metadata=None,
        transaction_per_migration=False,
        on_version_apply=attributes[ON_APPLY],
    )
    with context.begin_transaction():
        context.run_migrations()
