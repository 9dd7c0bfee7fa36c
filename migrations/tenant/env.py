"""Alembic's environment for a hospital's database; `migrations.runner` hands it a connection in a transaction."""

from alembic import context

from migrations.environment import run

run(context)
