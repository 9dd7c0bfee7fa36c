"""What `sokham up` does after the servers run and before the processes start, in order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from central import roles
from central.auth.signing_keys import ensure_signing_keys
from central.patient_index.blind_index_keys import ensure_blind_index_key
from central.registry.public import SqlDataKeyStore
from keys.public import PROCESSES, Keychain, LocalKeyring, scopes
from manage import operator, provisioning
from manage.demo.run import make_demo
from manage.environment import CENTRAL_DATABASE, role_password, settings_of
from manage.errors import CommandFailed
from manage.fleet import migrate_hospitals
from manage.run_context import RunContext
from manage.wiring.sources import KEYRING_FILE, central_database, key_provider
from migrations import runner


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step. `title` is shown while it runs ("Central's database"); `run` raises SokhamError to stop the start.

    Every start runs every step, also after a start that was killed half way: each finds what is done and does the rest.
    """

    title: str
    run: Callable[[RunContext], None]


def steps(context: RunContext) -> Sequence[Step]:
    """The steps, in order."""
    return (
        Step(title="Keys", run=make_keyring),
        Step(title="Central's database", run=make_central),
        Step(title="Central's keys", run=make_central_keys),
        Step(title="Hospitals' databases", run=migrate_all_hospitals),
        *((Step(title="Demo hospitals", run=make_demo),) if context.demo else ()),
    )


def make_keyring(context: RunContext) -> None:
    """The local keyring where there is no Vault; in both, a key-encryption key for every scope."""
    settings = settings_of(context, "operator")
    path = context.data_dir.keys / KEYRING_FILE
    if not settings.vault_addr and not path.exists():
        LocalKeyring.create(path, passphrase=settings.keyring_passphrase or None).close()
    provider = key_provider(settings, PROCESSES["setup"])
    try:
        provider.ensure_scopes(scopes.ALL)
    finally:
        provider.close()


def make_central(context: RunContext) -> None:
    """Central's roles and database, and its tables at the head."""
    passwords = {
        name: role_password(context.data_dir, name.removeprefix("sokham_"), settings=context.settings)
        for name in roles.ALL
    }
    with _administrator(context) as admin:
        database = _database_name(context)
        roles.ensure_central(admin, database=database, passwords=passwords)
    context.report("tables")
    runner.upgrade(operator.owner_parameters(settings_of(context, "operator")), "central")


def make_central_keys(context: RunContext) -> None:
    """The keys that sign tokens, one an issuer; the blind index key; the key that seals the index."""
    settings = settings_of(context, "operator")
    provider = key_provider(settings, PROCESSES["setup"])
    keychain = Keychain(provider)
    database = central_database(settings, "owner", settings.password_owner, pool_size=1)
    try:
        with database.unit_of_work() as uow:
            store = SqlDataKeyStore(uow)
            ensure_signing_keys(uow=uow, keychain=keychain, store=store)
            ensure_blind_index_key(uow=uow, provider=provider)
            keychain.current(store, tenant=None, scope=scopes.INDEX)
            uow.commit()
    finally:
        database.dispose()
        provider.close()


def migrate_all_hospitals(context: RunContext) -> None:
    """The template for new hospitals, and every hospital's database at the head. One that fails stops nobody else's."""
    settings = settings_of(context, "operator")
    context.report("template")
    provisioning.ensure_template(settings)
    for done in migrate_hospitals(settings, parallel=2):
        context.report(done.tenant_code)
        if done.error:
            context.notes.append(f"{done.tenant_code} was not migrated ({done.error}): see `sokham migrate status`")


def _administrator(context: RunContext) -> psycopg.Connection[tuple[object, ...]]:
    """A superuser's connection: the embedded server's, or the user that DATABASE_URL names."""
    if context.postgres is not None:
        return psycopg.connect(context.postgres.conninfo(), autocommit=True)
    place = conninfo_to_dict(context.settings.database_url)
    if not place.get("user") or not place.get("password"):
        raise CommandFailed(
            "DATABASE_URL names no user with a password. `sokham up` makes central's roles and database, so it needs a"
            " superuser there; in production make them once and start the processes instead (docs/production.md)."
        )
    return psycopg.connect(context.settings.database_url, dbname="postgres", autocommit=True)


def _database_name(context: RunContext) -> str:
    if context.postgres is not None:
        return CENTRAL_DATABASE
    return unquote(urlsplit(context.settings.database_url).path.lstrip("/")) or CENTRAL_DATABASE
