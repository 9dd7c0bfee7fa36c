"""What a process is given from outside: keys, Redis, central's database."""

from central.router.public import RouteReader
from kernel.database.engines import Database, engine_for, parameters_of
from kernel.passwords import Passwords
from kernel.redis_client import HelpfulRedis, connect
from kernel.settings import InvalidSettings, Settings
from keys.public import AppRoleAuth, KeyPolicy, KeyProvider, LocalKeyring, TokenAuth, VaultTransitKeys

KEYRING_FILE = "keyring.json"


def key_provider(settings: Settings, policy: KeyPolicy) -> KeyProvider:
    """Vault where VAULT_ADDR names one, else the keyring in the data folder; limited to what the process may do."""
    if settings.vault_addr:
        if settings.vault_role_id:
            auth: AppRoleAuth | TokenAuth = AppRoleAuth(settings.vault_role_id, settings.vault_secret_id)
        elif settings.vault_token:
            auth = TokenAuth(settings.vault_token)
        else:
            raise InvalidSettings("VAULT_ADDR is set: give VAULT_TOKEN, or SOKHAM_VAULT_ROLE_ID and its secret")
        return VaultTransitKeys(
            url=settings.vault_addr,
            auth=auth,
            mount=settings.vault_transit_mount,
            policy=policy,
            verify=settings.tls_root_certificate or True,
        )
    return LocalKeyring(
        settings.data_dir / "keys" / KEYRING_FILE, policy=policy, passphrase=settings.keyring_passphrase or None
    )


def helpful_redis(settings: Settings) -> HelpfulRedis | None:
    """Redis, where there is one."""
    if not settings.redis_url:
        return None
    return HelpfulRedis(connect(settings.redis_url, password=settings.redis_password))


def central_database(settings: Settings, role: str, password: str, *, pool_size: int = 5) -> Database:
    """Central's database under one of its roles (`console`, `ingest`, …)."""
    if not settings.database_url:
        raise InvalidSettings("DATABASE_URL is missing: where is central's database?")
    if not password:
        raise InvalidSettings(f"SOKHAM_PASSWORD_{role.upper()} is missing: the password of the role sokham_{role}")
    parameters = parameters_of(
        settings.database_url, user=f"sokham_{role}", password=password, application=f"sokham-{settings.process}"
    )
    return Database(engine_for(parameters, pool_size=pool_size))


def route_reader(settings: Settings) -> RouteReader:
    """Central's route functions. Raises InvalidSettings."""
    if not settings.password_route:
        raise InvalidSettings("SOKHAM_PASSWORD_ROUTE is missing: the password of the role sokham_route")
    return RouteReader(
        parameters_of(
            settings.database_url,
            user="sokham_route",
            password=settings.password_route,
            application=f"sokham-{settings.process}-route",
        )
    )


def passwords(settings: Settings) -> Passwords:
    """Argon2id with the parameters of the settings."""
    return Passwords(memory_kib=settings.argon2_memory_kib)
