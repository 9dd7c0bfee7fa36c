"""What a command of the operator makes hospitals with."""

from central.provisioning.public import CredentialRotation, HospitalServer, Provisioner
from kernel.database.engines import Database
from kernel.settings import Settings
from keys.public import PROCESSES, Keychain, KeyPolicy
from manage.hospital_schema import MigratedHospitalSchema
from manage.operator import announcer, console_database
from manage.wiring.sources import key_provider
from tenant_app.hospital.initialise import HospitalStart


def provisioner(settings: Settings, *, central: Database, policy: KeyPolicy) -> Provisioner:
    """Makes hospitals, with what a process of this policy may do with keys."""
    keychain = Keychain(key_provider(settings, policy))
    return Provisioner(
        central=central,
        keychain=keychain,
        server=HospitalServer.from_settings(settings),
        schema=MigratedHospitalSchema(),
        initialiser=HospitalStart(keychain=keychain),
        announcer=announcer(settings),
    )


def ensure_template(settings: Settings) -> str:
    """The template for new hospitals at the head; returns its name."""
    database = console_database(settings)
    try:
        return provisioner(settings, central=database, policy=PROCESSES["central"]).ensure_template()
    finally:
        database.dispose()


def rotation(settings: Settings, *, central: Database, policy: KeyPolicy) -> CredentialRotation:
    """Rotates credentials, likewise."""
    return CredentialRotation(
        central=central,
        keychain=Keychain(key_provider(settings, policy)),
        server=HospitalServer.from_settings(settings),
        announcer=announcer(settings),
    )
