"""Alembic's environment for central's database; `migrations.runner` hands it a connection in a transaction."""

from alembic import context

from migrations.environment import run

run(context)
