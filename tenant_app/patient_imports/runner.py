"""The long work on imports (checking, importing, taking back), in a thread of the staff portal's process.

The lease on the import says who works on it. A process that is killed leaves its imports to whoever looks at them
next: `nudge` takes up what nobody works on. What nobody looks at is ended by the job that prunes
(prune_patient_imports), for somebody to begin again.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy import func, or_, update
from sqlalchemy.exc import IntegrityError

from kernel.clock import utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.database.violations import violated
from kernel.errors import SokhamError
from kernel.ids import TenantId, new_row_id
from kernel.telemetry import logs
from kernel.text import N_
from tenant_app.outbox.public import Doorbell
from tenant_app.patient_imports.checking import check
from tenant_app.patient_imports.committing import TAKEN_MEANWHILE, commit_rows
from tenant_app.patient_imports.models import PatientImport
from tenant_app.patient_imports.staging import LEASE_SECONDS, LeaseLost, finish, mark_registered, progress
from tenant_app.patient_imports.taking_back import IN_USE_MEANWHILE, UNTOUCHED, take_back

log = logs.get_logger(__name__)

MOST_ATTEMPTS: Final = 3
GAVE_UP: Final = N_("The import was begun several times and did not come to its end. Nothing was imported.")
# As the function prune_patient_imports writes it down.
GAVE_UP_TAKING_BACK: Final = N_(
    "Taking the import back was begun several times and did not come to its end. Nothing was taken back."
)
INTERRUPTED: Final = N_("The work was interrupted, and nothing came of it. Begin again.")

OpenHospital = Callable[[TenantId], UnitOfWork]


class ImportRunner:
    """Checks and imports; `close` waits for what is under way."""

    # The states in which an import waits for work or is worked on.
    WORKING: Final = ("checking", "committing", "taking_back")

    def __init__(
        self,
        open_hospital: OpenHospital,
        *,
        doorbell: Doorbell | None = None,
        at_the_end: Callable[[], None] | None = None,
    ) -> None:
        """`open_hospital` gives transactions that may last as long as an import of the largest file.

        `at_the_end` closes what it takes them from.
        """
        self._at_the_end = at_the_end
        self._open_hospital = open_hospital
        self._doorbell = doorbell
        # One at a time in a process: an import is work for the processor, which the portal's requests need as well.
        self._threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="import")

    def begin(self, tenant: TenantId, import_id: UUID) -> "Future[None]":
        """Do what the import's state asks for; returns at once."""
        return self._threads.submit(self._guarded, tenant, import_id)

    def nudge(self, tenant: TenantId, found: PatientImport) -> bool:
        """Take up an import that waits for work and that nobody holds; True when it was."""
        if found.state not in self.WORKING or (found.lease_until is not None and found.lease_until > utc_now()):
            return False
        self.begin(tenant, found.id)
        return True

    def close(self) -> None:
        """Wait for what is under way."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        if self._at_the_end is not None:
            self._at_the_end()

    def _guarded(self, tenant: TenantId, import_id: UUID) -> None:
        logs.clear()
        logs.bind(tenant=str(tenant), patient_import=str(import_id))
        try:
            self._work(tenant, import_id)
        except LeaseLost:
            log.info("patient_import.left_to_others")
        except SokhamError as err:
            # The hospital is away or suspended: whoever looks at the import next takes it up again.
            log.warning("patient_import.interrupted", code=err.code)
        except Exception:
            log.exception("patient_import.failed")

    def _work(self, tenant: TenantId, import_id: UUID) -> None:
        claim = new_row_id()
        with self._open_hospital(tenant) as uow:
            claimed = _claimed(uow, import_id, claim)
            if claimed is None:
                return
            state, attempts = claimed
            if attempts > MOST_ATTEMPTS and state == "taking_back":
                _stay_registered(uow, import_id, claim, GAVE_UP_TAKING_BACK)
            elif attempts > MOST_ATTEMPTS:
                finish(uow=uow, import_id=import_id, claim=claim, state="failed", failure=_failure(GAVE_UP))
            uow.commit()
        if attempts > MOST_ATTEMPTS:
            return
        try:
            if state == "checking":
                check(open_uow=lambda: self._open_hospital(tenant), import_id=import_id, claim=claim)
            elif state == "committing":
                self._commit(tenant, import_id, claim)
            else:
                self._take_back(tenant, import_id, claim)
        except LeaseLost:
            raise
        except Exception:
            self._let_go(tenant, import_id, claim)
            raise

    def _tell(self, tenant: TenantId, import_id: UUID, claim: UUID, rows: int) -> None:
        """In a transaction of its own, seen at once; what becomes of the patients is seen when all of it is done."""
        with self._open_hospital(tenant) as uow:
            progress(uow=uow, import_id=import_id, claim=claim, rows_done=rows)
            uow.commit()

    def _commit(self, tenant: TenantId, import_id: UUID, claim: UUID) -> None:
        try:
            with self._open_hospital(tenant) as uow:
                told = partial(self._tell, tenant, import_id, claim)
                done = commit_rows(uow=uow, import_id=import_id, claim=claim, told=told)
                uow.commit()
        except IntegrityError as err:
            if violated(err) != "uq_patient_identifiers_current":
                raise
            self._refuse_taken(tenant, import_id, claim)
            return
        log.info("patient_import.done", patients=done.patients)
        self._ring(tenant)

    def _take_back(self, tenant: TenantId, import_id: UUID, claim: UUID) -> None:
        try:
            with self._open_hospital(tenant) as uow:
                told = partial(self._tell, tenant, import_id, claim)
                taken = take_back(uow=uow, import_id=import_id, claim=claim, told=told)
                uow.commit()
        except IntegrityError as err:
            refused = violated(err) or ""
            if refused != UNTOUCHED and not refused.startswith("fk_"):
                raise
            with self._open_hospital(tenant) as uow:
                _stay_registered(uow, import_id, claim, IN_USE_MEANWHILE)
                uow.commit()
            return
        log.info("patient_import.taken_back", patients=taken)
        self._ring(tenant)

    def _ring(self, tenant: TenantId) -> None:
        if self._doorbell is not None:
            self._doorbell.ring(tenant)

    def _refuse_taken(self, tenant: TenantId, import_id: UUID, claim: UUID) -> None:
        """Somebody registered one of them while the import waited: say which row, and let people decide again."""
        with self._open_hospital(tenant) as uow:
            rows = mark_registered(uow=uow, import_id=import_id)
            failure = _failure(TAKEN_MEANWHILE, row=rows[0] if rows else None)
            finish(uow=uow, import_id=import_id, claim=claim, state="checked", failure=failure)
            uow.commit()

    def _let_go(self, tenant: TenantId, import_id: UUID, claim: UUID) -> None:
        """Give up the lease, so that the next look need not wait for its end."""
        try:
            with self._open_hospital(tenant) as uow:
                uow.session.execute(
                    update(PatientImport)
                    .where(PatientImport.id == import_id, PatientImport.claim_id == claim)
                    .values(claim_id=None, lease_until=None)
                )
                uow.commit()
        except Exception:
            # The lease ends by itself.
            log.warning("patient_import.lease_kept", exc_info=True)


def _claimed(uow: UnitOfWork, import_id: UUID, claim: UUID) -> tuple[str, int] | None:
    """Take the lease; the import's state and how often somebody began, or None where there is nothing to do."""
    row = uow.session.execute(
        update(PatientImport)
        .where(
            PatientImport.id == import_id,
            PatientImport.state.in_(ImportRunner.WORKING),
            or_(PatientImport.lease_until.is_(None), PatientImport.lease_until < func.now()),
        )
        .values(
            claim_id=claim,
            lease_until=func.now() + func.make_interval(0, 0, 0, 0, 0, 0, LEASE_SECONDS),
            attempts=PatientImport.attempts + 1,
        )
        .returning(PatientImport.state, PatientImport.attempts),
        execution_options={"synchronize_session": False},
    ).first()
    return None if row is None else (row.state, row.attempts)


def _stay_registered(uow: UnitOfWork, import_id: UUID, claim: UUID, message: str) -> None:
    """Nothing was taken back: the import is done as it was before."""
    finish(
        uow=uow,
        import_id=import_id,
        claim=claim,
        state="done",
        rows_done=PatientImport.rows_total,
        failure=_failure(message),
    )


def _failure(message: str, *, row: int | None = None) -> dict[str, object]:
    return {"message": message, "said": {"row": row} if row else {}, "row": row}
