"""The console, central's API and the ingest."""

from flask import Flask

from central.app import create_app
from central.auth.administrators import AUDIENCE as CONSOLE
from central.auth.administrators import ISSUER as CENTRAL
from central.auth.administrators import AdministratorFactors, AdministratorSessions, AdministratorSignIn
from central.auth.public import gate_for, signer_from
from central.console.background import OperationRunner
from central.console.invites import HeldInvites
from central.console.tenants import Console
from central.provisioning.public import CredentialRotation, HospitalServer, Provisioner
from central.router.public import RedisRouteAnnouncer, RoutesUnavailable
from central.sync.public import RedisDoorbell, SyncBus, WorkerGate
from kernel.settings import InvalidSettings, Settings
from keys.public import PROCESSES, Keychain, jwks, load_blind_index
from manage.hospital_schema import MigratedHospitalSchema
from manage.wiring.portals import session_rules
from manage.wiring.sources import central_database, helpful_redis, key_provider, passwords, route_reader
from tenant_app.hospital.initialise import HospitalStart


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
    return create_app(
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
