"""Somebody at a hospital who imports patients from files."""

from threading import Event
from typing import Any
from uuid import UUID

from kernel.database.engines import Database, engine_for
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from tenant_app.patient_imports import service
from tenant_app.patient_imports.committing import commit_rows
from tenant_app.patient_imports.models import PatientImport
from tenant_app.patient_imports.queries import patient_import
from tenant_app.patient_imports.runner import ImportRunner
from tenant_app.patient_imports.taking_back import ask_to_take_back, take_back
from tests.support.clinic import Clinic


def write_and_wait(parameters: dict[str, Any], import_id: UUID, claim: UUID, written: Any) -> None:
    """A process that has written all patients of an import and not yet committed, for as long as it lives."""
    with Database(engine_for(parameters)).unit_of_work() as uow:
        commit_rows(uow=uow, import_id=import_id, claim=claim, told=lambda _rows: None)
        written.set()
        Event().wait()


def take_out_and_wait(parameters: dict[str, Any], import_id: UUID, claim: UUID, written: Any) -> None:
    """A process that has taken all patients of an import out and not yet committed, for as long as it lives."""
    with Database(engine_for(parameters)).unit_of_work() as uow:
        take_back(uow=uow, import_id=import_id, claim=claim, told=lambda _patients: None)
        written.set()
        Event().wait()


class Desk:
    """An administrator with files, and the runner that works on them."""

    def __init__(self, clinic: Clinic) -> None:
        self.clinic = clinic
        self.runner = ImportRunner(self._open)

    def _open(self, tenant: TenantId) -> UnitOfWork:
        assert tenant == self.clinic.hospital.tenant
        return self.clinic.uow()

    def upload(self, content: bytes, name: str = "benh-nhan.csv") -> PatientImport:
        with self.clinic.uow() as uow:
            made = service.upload(uow=uow, actor=self.clinic.admin, file_name=name, content=content)
            uow.commit()
        return made

    def check(self, found: PatientImport, **how: Any) -> PatientImport:
        with self.clinic.uow() as uow:
            service.check_again(
                uow=uow, actor=self.clinic.admin, import_id=found.id, version=self.now(found.id).version, **how
            )
            uow.commit()
        return self.worked(found.id)

    def checked(self, content: bytes, name: str = "benh-nhan.csv") -> PatientImport:
        return self.check(self.upload(content, name))

    def decide(self, found: PatientImport, decision: str | None, **which: Any) -> int:
        with self.clinic.uow() as uow:
            count = service.decide(uow=uow, actor=self.clinic.admin, import_id=found.id, decision=decision, **which)
            uow.commit()
        return count

    def ask_to_import(self, found: PatientImport) -> None:
        with self.clinic.uow() as uow:
            version = patient_import(uow=uow, import_id=found.id).version
            service.import_all(uow=uow, actor=self.clinic.admin, import_id=found.id, version=version)
            uow.commit()

    def imported(self, found: PatientImport) -> PatientImport:
        self.ask_to_import(found)
        return self.worked(found.id)

    def ask_to_take_back(self, found: PatientImport) -> None:
        with self.clinic.uow() as uow:
            version = patient_import(uow=uow, import_id=found.id).version
            ask_to_take_back(uow=uow, actor=self.clinic.admin, import_id=found.id, version=version)
            uow.commit()

    def taken_back(self, found: PatientImport) -> PatientImport:
        self.ask_to_take_back(found)
        return self.worked(found.id)

    def worked(self, import_id: UUID) -> PatientImport:
        self.runner.begin(self.clinic.hospital.tenant, import_id).result(timeout=120)
        return self.now(import_id)

    def now(self, import_id: UUID) -> PatientImport:
        with self.clinic.uow() as uow:
            return patient_import(uow=uow, import_id=import_id)
