"""The demo as a step of `sokham up`: hospitals, their people, and who can sign in."""

from contextlib import ExitStack
from dataclasses import replace

from sqlalchemy import func, select

from central.auth.administrators import AdministratorSignIn, create_administrator
from central.auth.models import Administrator
from kernel.clock import utc_now
from kernel.database.engines import Database
from keys.public import PROCESSES
from manage import operator, provisioning
from manage.data_dir import DataDir
from manage.demo.hospitals import DEMO_HOSPITALS
from manage.demo.importing import import_files
from manage.demo.patient import make_patient_account
from manage.demo.people import Person
from manage.demo.seed import DemoData
from manage.environment import settings_of
from manage.run_context import Login, RunContext
from manage.wiring.hospitals import routing
from manage.wiring.sources import passwords
from tenant_app.auth.service import StaffAccounts, StaffFactors

# Who is shown on the ready screen: one of each kind of work.
SHOWN_STAFF = ("letan", "dieuduong", "quantri")


def make_demo(context: RunContext) -> None:
    """Make what is missing of the demo, and tell the ready screen who can sign in."""
    settings = settings_of(context, "operator")
    password = demo_password(context.data_dir)
    with ExitStack() as stack:
        database = operator.console_database(settings)
        stack.callback(database.dispose)
        # A hospital is filled in one transaction, which on a busy machine takes longer than a request may.
        unhurried = replace(settings, transaction_seconds=600)
        routed = routing(unhurried, process="tenant_app", purpose="app")
        stack.callback(routed.router.close)
        _make_administrator(database, AdministratorSignIn(passwords(settings)), password)
        DemoData(
            provisioner=provisioning.provisioner(settings, central=database, policy=PROCESSES["central"]),
            router=routed.router,
            accounts=StaffAccounts(passwords(settings)),
            factors=StaffFactors(routed.keychain),
            keychain=routed.keychain,
            password=password,
            report=context.report,
            now=utc_now(),
        ).run()
        import_files(routed.router)
        patient = make_patient_account(
            router=routed.router, settings=settings_of(context, "patient"), password=password
        )
    _show(context, password, patient)


def demo_password(data_dir: DataDir) -> str:
    """One password for all demo accounts of this data folder, easy to type, never the same twice."""
    secret = data_dir.secret("demo-password")
    letters = "".join(letter for letter in secret.lower() if letter.isalnum())
    return f"sokham-{letters[:4]}-{letters[4:8]}"


def _make_administrator(database: Database, signing_in: AdministratorSignIn, password: str) -> None:
    with database.unit_of_work() as uow:
        if uow.session.execute(select(func.count()).select_from(Administrator)).scalar_one():
            return
        _, invite = create_administrator(
            uow=uow,
            signing_in=signing_in,
            username="admin",
            email="admin@sokham.example",
            full_name="Quản trị nền tảng",
            role="super_admin",
        )
        signing_in.accept(uow=uow, secret=invite.secret, password=password)
        uow.commit()


def _show(context: RunContext, password: str, patient: Person) -> None:
    ports = context.ports
    context.logins.append(
        Login(portal="Console", url=f"http://127.0.0.1:{ports.central}", username="admin", password=password)
    )
    for hospital in DEMO_HOSPITALS:
        doctor = next(member.username for member in hospital.staff if member.role == "doctor")
        context.logins += [
            Login(
                portal="Staff",
                url=f"http://127.0.0.1:{ports.staff}",
                username=username,
                hospital=hospital.code,
                password=password,
            )
            for username in (*SHOWN_STAFF[:2], doctor, SHOWN_STAFF[2])
        ]
    context.logins.append(
        Login(portal="Patients", url=f"http://127.0.0.1:{ports.patient}", username=patient.cccd, password=password)
    )
