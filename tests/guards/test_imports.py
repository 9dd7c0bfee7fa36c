"""A process holds the code that it runs: what each must not import, itself or by way of another module.

Each is asked in a process of its own, as nothing else says what an import brings along. What stands here costs memory
in every copy of the process, or belongs to another process, whose code this one has no use for.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT = Path(__file__).parents[2]

# The apps and the daemons, each by the modules that only its own process runs.
CENTRAL: Final = ("central.app", "central.console", "central.provisioning")
STAFF: Final = ("tenant_app.app", "tenant_app.api", "tenant_app.pages")
PATIENT: Final = ("patient_portal",)
LIVE: Final = ("live", "flask_socketio", "socketio", "engineio", "wsproto")
WORKER: Final = ("sync_worker",)
JOBS: Final = ("jobs", "smtplib")

# What only one or two of them need.
MIGRATIONS: Final = ("migrations", "alembic")
SPREADSHEETS: Final = ("xlsxwriter", "python_calamine")
FORMS: Final = ("flask_wtf", "wtforms")
SIGNING_IN: Final = ("central.auth.gate", "central.gateway", "limits", "pyotp", "segno")
SUPERVISION: Final = ("manage.supervision.supervisor", "manage.bootstrap", "manage.demo", "manage.doctor")

MUST_NOT: Final = {
    "manage.cli": ("sqlalchemy", "flask", "alembic", "redis", "cryptography", "central", "tenant_app"),
    "manage.commands.sync.run": (
        *(*CENTRAL, *STAFF, *PATIENT, *LIVE, *JOBS),
        *(*MIGRATIONS, *SPREADSHEETS, *FORMS, *SIGNING_IN, *SUPERVISION),
        # No feature's reads and writes: of a hospital the worker knows the outbox.
        *("tenant_app.appointments", "tenant_app.queue", "tenant_app.reminders", "tenant_app.settings"),
    ),
    "manage.commands.jobs.run": (
        *(*CENTRAL, *STAFF, *PATIENT, *LIVE, *WORKER),
        *(*MIGRATIONS, *SPREADSHEETS, *FORMS, *SIGNING_IN, *SUPERVISION),
    ),
    "manage.entry.central": (*STAFF, *PATIENT, *LIVE, *WORKER, *JOBS, *SPREADSHEETS, *SUPERVISION),
    "manage.entry.staff": (*CENTRAL, *PATIENT, *LIVE, *WORKER, *JOBS, *MIGRATIONS, *SUPERVISION),
    "manage.entry.patient": (*CENTRAL, *STAFF, *LIVE, *WORKER, *JOBS, *MIGRATIONS, *SPREADSHEETS, *SUPERVISION),
    "manage.entry.live": (
        *(*CENTRAL, *STAFF, *PATIENT, *WORKER, *JOBS),
        *(*MIGRATIONS, *SPREADSHEETS, *FORMS, *SUPERVISION),
    ),
}


@pytest.mark.parametrize("process", MUST_NOT)
def test_a_process_imports_only_what_it_runs(process: str) -> None:
    asked = f"import json, sys, {process}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    imported = json.loads(done.stdout)
    assert process in imported
    wrong = [
        name for name in imported for package in MUST_NOT[process] if name == package or name.startswith(f"{package}.")
    ]
    assert wrong == [], f"{process} does not run these; `python -X importtime -c 'import {process}'` shows their way in"


def test_every_name_is_one_that_there_is() -> None:
    """A package that was renamed would be missing from every process."""
    from importlib.util import find_spec

    assert [name for names in MUST_NOT.values() for name in names if find_spec(name) is None] == []
