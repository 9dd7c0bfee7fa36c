"""What a command of the operator works with, on an installation that runs (`sokham up`, or servers of your own)."""

import os
from typing import Any

from central.registry.public import RouteAnnouncer, Unannounced
from central.router.public import RedisRouteAnnouncer
from kernel.database.engines import Database, parameters_of
from kernel.settings import Settings, read
from manage.data_dir import DataDir
from manage.embedded.addresses import RedisAddress
from manage.embedded.postgres import EmbeddedPostgres
from manage.embedded.redis import EmbeddedRedis
from manage.environment import settings_of
from manage.errors import CommandFailed
from manage.run_context import RunContext, WebPorts
from manage.wiring.sources import central_database, helpful_redis

DEFAULT_PORT_BASE = 8000


def operator_settings(data_dir: DataDir) -> Settings:
    """Settings with every role's password: from the environment, and for embedded servers from the data folder.

    Raises ServerFailed (with the remedy) when an embedded server does not run.
    """
    settings = read(os.environ)
    if not settings.database_url and not data_dir.path.exists():
        raise CommandFailed(f"There is nothing in {data_dir.path}. Start it with `sokham up`, or set DATABASE_URL.")
    if settings.database_url:
        # Servers of one's own need nothing of the folder but a place for what is made once.
        data_dir.create()
    context = RunContext(
        data_dir=data_dir,
        settings=settings,
        ports=WebPorts.from_base(data_dir.port_base(default=DEFAULT_PORT_BASE)),
        demo=False,
        postgres=None if settings.database_url else EmbeddedPostgres(data_dir.postgres).address(),
        redis=None if settings.redis_url else _redis(data_dir),
    )
    return settings_of(context, "operator")


def process_settings(data_dir: DataDir) -> Settings:
    """The settings of a process: its environment, or for one started by hand those of the data folder.

    Raises as `operator_settings`.
    """
    settings = read(os.environ)
    return settings if settings.database_url else operator_settings(data_dir)


def console_database(settings: Settings) -> Database:
    """Central's database as the console's role, for what a command changes."""
    return central_database(settings, "console", settings.password_console, pool_size=2)


def owner_parameters(settings: Settings) -> dict[str, Any]:
    """libpq parameters of the owner of central's schema, for migrations."""
    return parameters_of(
        settings.database_url, user="sokham_owner", password=settings.password_owner, application="sokham-migrate"
    )


def announcer(settings: Settings) -> RouteAnnouncer:
    """Tells the routers over Redis; without Redis they find out by themselves."""
    redis = helpful_redis(settings)
    return Unannounced() if redis is None else RedisRouteAnnouncer(redis)


def _redis(data_dir: DataDir) -> RedisAddress | None:
    """The embedded Redis; a command does without it when it does not run."""
    redis = EmbeddedRedis(data_dir.redis)
    return redis.address() if redis.is_running() else None
