"""The composition root: settings → what each process works with. Nothing else knows how the parts fit together."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from redis import Redis

from central.app import create_app as create_console_app
from central.auth.administrators import AUDIENCE as CONSOLE
from central.auth.administrators import ISSUER as CENTRAL
from central.auth.administrators import AdministratorFactors, AdministratorSessions, AdministratorSignIn
from central.auth.public import Gate, SessionRules, gate_for, signer_from
from central.console.background import OperationRunner
from central.console.invites import HeldInvites
from central.console.tenants import Console
from central.provisioning.public import CredentialRotation, HospitalServer, Provisioner
from central.router.public import (
    RedisOutages,
    RedisRouteAnnouncer,
    RouteLookup,
    RouteReader,
    RouterLimits,
    RoutesUnavailable,
    TenantRouter,
)
from central.sync.public import RedisDoorbell, SyncBus, WorkerGate
from jobs.process import JobsProcess
from kernel.database.engines import Database, engine_for, parameters_of
from kernel.passwords import Passwords
from kernel.redis_client import HelpfulRedis, connect
from kernel.settings import InvalidSettings, Settings
from keys.public import (
    PROCESSES,
    AppRoleAuth,
    BlindIndex,
    Keychain,
    KeyPolicy,
    KeyProvider,
    LocalKeyring,
    TokenAuth,
    TokenSigner,
    VaultTransitKeys,
    jwks,
    load_blind_index,
)
from live.app import LiveProcess
from manage.hospital_schema import MigratedHospitalSchema
from manage.messaging import message_kinds, offers
from patient_portal.app import create_app as create_patient_app
from patient_portal.auth.sessions import ISSUER as PATIENT_ISSUER
from patient_portal.auth.sessions import PatientSessions
from tenant_app.app import create_app as create_staff_app
from tenant_app.auth.public import AUDIENCE as STAFF
from tenant_app.auth.public import ISSUER as STAFF_ISSUER
from tenant_app.auth.service import StaffAccounts, StaffFactors, StaffSessions, StaffSignIn
from tenant_app.hospital.initialise import HospitalStart
from tenant_app.live.public import LiveBus
from tenant_app.patient_imports.public import ImportRunner

KEYRING_FILE = "keyring.json"
# An import has one connection for its patients and one to say how far it is; the largest takes a minute or two.
IMPORT_CONNECTIONS = 2
IMPORT_SECONDS = 600


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


@dataclass(frozen=True)
class Routing:
    """What a process needs to reach hospitals."""

    provider: KeyProvider
    keychain: Keychain
    reader: RouteReader
    router: TenantRouter
    redis: HelpfulRedis | None
    blind_index: BlindIndex | None


def routing(settings: Settings, *, process: str, purpose: str, with_index: bool = False) -> Routing:
    """The router of a process (its name in keys.policy) for one purpose.

    Raises RoutesUnavailable or KeySourceUnavailable when central or the key source is away: a process that starts cold
    without them refuses to start, and says so.
    """
    provider = key_provider(settings, PROCESSES[process])
    keychain = Keychain(provider)
    redis = helpful_redis(settings)
    reader = route_reader(settings)
    blind_index = load_blind_index(provider, reader.blind_index_keys()) if with_index else None
    limits = RouterLimits(
        budget=settings.connection_budget,
        wait_seconds=settings.connection_wait_ms / 1000,
        statement_ms=settings.statement_timeout_ms,
        lease_seconds=settings.transaction_seconds,
    )
    router = TenantRouter(
        reader=reader,
        lookup=RouteLookup(reader=reader, redis=redis, purpose=purpose, blind_index=blind_index),
        keychain=keychain,
        purpose=purpose,
        limits=limits,
        tls_root_certificate=settings.tls_root_certificate,
        session_info=LiveBus(redis).session_info,
    )
    return Routing(provider, keychain, reader, router, redis, blind_index)


def import_router(routed: Routing, settings: Settings) -> TenantRouter:
    """A second way to the hospitals for the staff portal, for imports: few connections, and transactions that may last.

    So an import takes no connection from the requests, and a request that hangs is cut off as before.
    """
    return TenantRouter(
        reader=routed.reader,
        lookup=routed.router.lookup,
        keychain=routed.keychain,
        purpose=routed.router.purpose,
        limits=RouterLimits(
            budget=IMPORT_CONNECTIONS,
            share=IMPORT_CONNECTIONS,
            wait_seconds=settings.connection_wait_ms / 1000,
            statement_ms=IMPORT_SECONDS * 1000,
            lease_seconds=IMPORT_SECONDS,
        ),
        tls_root_certificate=settings.tls_root_certificate,
        session_info=LiveBus(routed.redis).session_info,
    )


def issuer_of(routed: Routing, settings: Settings, *, issuer: str) -> tuple[TokenSigner, Gate]:
    """The signer of a portal's tokens, and the gate that verifies them."""
    record = routed.reader.signing_key(issuer)
    if record is None:
        raise RoutesUnavailable(f"central has no signing key for {issuer}")
    signer = signer_from(record, keychain=routed.keychain, store=routed.reader)
    public_keys = jwks(row["public_jwk"] for row in routed.reader.signing_keys(issuer))
    return signer, gate_for(
        portal=issuer, issuer=issuer, keys=public_keys, required=("tenant",), secure=settings.secure_cookies
    )


def session_rules(settings: Settings) -> SessionRules:
    """How long sessions live. Raises InvalidSettings for times that are none."""
    if settings.session_idle_minutes < 1 or settings.session_hours < 1:
        raise InvalidSettings("SOKHAM_SESSION_IDLE_MINUTES and SOKHAM_SESSION_HOURS must be at least 1")
    return SessionRules(
        idle=timedelta(minutes=settings.session_idle_minutes), absolute=timedelta(hours=settings.session_hours)
    )


def passwords(settings: Settings) -> Passwords:
    """Argon2id with the parameters of the settings."""
    return Passwords(memory_kib=settings.argon2_memory_kib)


def central_app(settings: Settings) -> Flask:
    """The console and central's API. Raises InvalidSettings, RoutesUnavailable, KeySourceUnavailable as `routing`."""
    redis = helpful_redis(settings)
    if redis is None:
        raise InvalidSettings("REDIS_URL is missing: central rings the workers and tells the routers through Redis")
    provider = key_provider(settings, PROCESSES["central"])
    keychain = Keychain(provider)
    reader = route_reader(settings)
    record = reader.signing_key(CENTRAL)
    if record is None:
        raise RoutesUnavailable("central has no signing key of its own")
    public_keys = jwks(row["public_jwk"] for row in reader.signing_keys(CENTRAL))
    sessions = AdministratorSessions(
        signer=signer_from(record, keychain=keychain, store=reader), rules=session_rules(settings)
    )
    blind_index = load_blind_index(provider, reader.blind_index_keys())
    # From here on central reads its own tables; the route's role was for the keys only.
    reader.close()
    database = central_database(settings, "console", settings.password_console)
    server, announcer = HospitalServer.from_settings(settings), RedisRouteAnnouncer(redis)
    runner = OperationRunner(
        database=database,
        provisioner=Provisioner(
            central=database,
            keychain=keychain,
            server=server,
            schema=MigratedHospitalSchema(),
            initialiser=HospitalStart(keychain=keychain),
            announcer=announcer,
        ),
        rotation=CredentialRotation(central=database, keychain=keychain, server=server, announcer=announcer),
        invites=HeldInvites(keychain),
    )
    runner.watch()
    return create_console_app(
        settings,
        database=database,
        gate=gate_for(
            portal=CONSOLE, issuer=CENTRAL, keys=public_keys, required=("role",), secure=settings.secure_cookies
        ),
        sessions=sessions,
        sign_in=AdministratorSignIn(passwords(settings)),
        factors=AdministratorFactors(keychain),
        console=Console(
            announcer=announcer,
            runner=runner,
            staff_url=settings.staff_url.rstrip("/"),
        ),
        workers=WorkerGate(database=central_database(settings, "ingest", settings.password_ingest)),
        blind_index=blind_index,
        bus=SyncBus(redis),
        doorbell=RedisDoorbell(redis),
        helpful={"keys": provider.check, "redis": redis.check},
    )


def staff_app(settings: Settings) -> Flask:
    """The staff portal."""
    routed = routing(settings, process="tenant_app", purpose="app")
    signer, gate = issuer_of(routed, settings, issuer="staff")
    sign_in = StaffSignIn(
        router=routed.router,
        sessions=StaffSessions(signer=signer, rules=session_rules(settings)),
        accounts=StaffAccounts(passwords(settings)),
        factors=StaffFactors(routed.keychain),
    )
    doorbell = RedisDoorbell(routed.redis) if routed.redis is not None else None
    for_imports = import_router(routed, settings)
    imports = ImportRunner(for_imports.unit_of_work, doorbell=doorbell, at_the_end=for_imports.close)
    return create_staff_app(
        settings,
        router=routed.router,
        gate=gate,
        sign_in=sign_in,
        own_host=urlsplit(settings.staff_url).hostname or "",
        collaborators=(routed.keychain, imports, offers(settings)),
        doorbell=doorbell,
        helpful=_helpful(routed),
    )


def patient_app(settings: Settings) -> Flask:
    """The patient portal."""
    routed = routing(settings, process="patient_portal", purpose="portal", with_index=True)
    signer, gate = issuer_of(routed, settings, issuer=PATIENT_ISSUER)
    return create_patient_app(
        settings,
        router=routed.router,
        gate=gate,
        sessions=PatientSessions(signer=signer, rules=session_rules(settings)),
        passwords=passwords(settings),
        keychain=routed.keychain,
        outages=RedisOutages(routed.redis),
        own_host=urlsplit(settings.patient_url).hostname or "",
        helpful=_helpful(routed),
    )


def live_process(settings: Settings) -> LiveProcess:
    """Live updates for staff. It verifies their tokens and can make none."""
    routed = routing(settings, process="live", purpose="app")
    public_keys = jwks(row["public_jwk"] for row in routed.reader.signing_keys(STAFF_ISSUER))
    return LiveProcess(
        settings,
        router=routed.router,
        gate=gate_for(
            portal=STAFF, issuer=STAFF_ISSUER, keys=public_keys, required=("tenant",), secure=settings.secure_cookies
        ),
        rules=session_rules(settings),
        open_redis=(lambda: stream_reader(settings)) if settings.redis_url else None,
        helpful=routed.redis,
        checks=_helpful(routed),
    )


def stream_reader(settings: Settings) -> Redis:
    """A client on one connection, which says so when that breaks, and waits longer than a blocking read takes.

    Raises what Redis raises when it is away.
    """
    return connect(settings.redis_url, password=settings.redis_password, answer_seconds=2.0, one_connection=True)


def jobs_process(settings: Settings) -> JobsProcess:
    """The jobs: sealing, partitions, pruning, reminders, who did not come."""
    routed = routing(settings, process="jobs", purpose="seal")
    return JobsProcess(
        central=central_database(settings, "seal", settings.password_seal, pool_size=4),
        router=routed.router,
        keychain=routed.keychain,
        data_dir=settings.data_dir,
        messages=message_kinds(settings),
    )


def close_portal(app: Flask) -> None:
    """Close the connections of a portal that was put together here; gunicorn's workers end with theirs instead."""
    for collaborator in app.extensions["sokham"].values():
        if isinstance(collaborator, TenantRouter | Database | WorkerGate | ImportRunner):
            collaborator.close()


def _helpful(routed: Routing) -> dict[str, Any]:
    checks: dict[str, Any] = {"keys": routed.provider.check}
    if routed.redis is not None:
        checks["redis"] = routed.redis.check
    return checks
