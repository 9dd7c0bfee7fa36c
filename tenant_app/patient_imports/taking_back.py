"""Taking a finished import back: all its patients go again, as long as nothing was added to any of them, or none.

The constraints decide: a patient with anything that came later cannot be deleted (see the function take_back_patients).
What is asked beforehand is asked so that people hear of it before they begin.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, text

from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import PreconditionFailed
from kernel.text import N_
from kernel.web.actor import Actor
from tenant_app.outbox.public import PATIENT, PATIENT_ERASED, SyncStateMissing
from tenant_app.patient_imports.errors import ImportInUse
from tenant_app.patient_imports.models import PatientImport
from tenant_app.patient_imports.service import begin_work, held, note, require_state
from tenant_app.patient_imports.staging import LeaseLost, finish

BATCH_PATIENTS: Final = 2_000
# How many patients who stand in the way are named.
MOST_NAMED: Final = 20

IN_USE_MEANWHILE: Final = N_("Nothing was taken back: something was added to one of the patients meanwhile.")
# As the function take_back_patients refuses a patient who was changed.
UNTOUCHED: Final = "ck_patients_untouched"

# Why a patient cannot be taken back → what has to be so of patient p.
_REASONS: Final[Mapping[str, str]] = {
    "changed": "p.version > 1",
    "appointment": "EXISTS (SELECT FROM appointments a WHERE a.patient_id = p.id)",
    "queue": "EXISTS (SELECT FROM queue_entries q WHERE q.patient_id = p.id)",
    "portal": "EXISTS (SELECT FROM patient_users u WHERE u.patient_id = p.id)"
    " OR EXISTS (SELECT FROM portal_invites i WHERE i.patient_id = p.id)"
    " OR EXISTS (SELECT FROM patient_portal_preferences w WHERE w.patient_id = p.id)",
}
REASONS: Final = tuple(_REASONS)
_FLAGS: Final = ", ".join(f"({condition}) AS {reason}" for reason, condition in _REASONS.items())
_COUNTS: Final = ", ".join(f"count(*) FILTER (WHERE {reason}) AS {reason}" for reason in _REASONS)
_COUNTED: Final = text(f"""
    SELECT count(*) AS patients, {_COUNTS}
    FROM (SELECT {_FLAGS} FROM patients p WHERE p.import_id = :import) mine
""")  # noqa: S608 - names and conditions from a constant.
_NAMED: Final = text(f"""
    SELECT id, patient_code, full_name, date_of_birth, {", ".join(_REASONS)}
    FROM (SELECT p.id, p.patient_code, p.full_name, p.date_of_birth, {_FLAGS} FROM patients p
        WHERE p.import_id = :import) mine
    WHERE {" OR ".join(_REASONS)} ORDER BY id LIMIT :most
""")  # noqa: S608 - as above.
_BATCH: Final = text(
    "SELECT id FROM patients WHERE import_id = :import AND id > :after ORDER BY id LIMIT :most FOR UPDATE"
)
_AUDIT: Final = text("""
    INSERT INTO audit_logs (actor_kind, user_id, portal, action, resource_type, resource_id, patient_id, changed)
    SELECT 'staff', :staff, 'hospital', 'patient.take_back', 'patient', id::text, id, '[]'
    FROM unnest(CAST(:patients AS uuid[])) AS id
""")
# An erasure is final at central: no version has to be higher, and the registration that comes late stays out.
_OUTBOX: Final = text("""
    INSERT INTO outbox (aggregate_type, aggregate_id, event_type, epoch, n, payload)
    SELECT :aggregate, id, :event, (SELECT epoch FROM hospital_sync), 2, '{}'
    FROM unnest(CAST(:patients AS uuid[])) AS id
""")
_DELETE: Final = text("SELECT take_back_patients(:import, :claim, CAST(:patients AS uuid[]))")
_WRITES: Final = (_AUDIT, _OUTBOX, _DELETE)


@dataclass(frozen=True, kw_only=True, slots=True)
class InTheWay:
    """A patient of the import to whom something was added, and what (REASONS)."""

    patient_id: UUID
    patient_code: str
    full_name: str = field(repr=False)
    date_of_birth: date = field(repr=False)
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Prospect:
    """How taking an import back would go; `counts` has how many patients stand in the way by reason.

    `untraced` are patients of whom an older version of the program did not write down that they came with this import.
    """

    patients: int
    untraced: int
    counts: Mapping[str, int]
    named: tuple[InTheWay, ...]

    @property
    def possible(self) -> bool:
        """Whether nothing stands in the way."""
        return self.untraced == 0 and not any(self.counts.values())


def prospect_of(*, uow: UnitOfWork, found: PatientImport) -> Prospect:
    """What stands in the way of taking a finished import back; nothing is locked. Raises ImportNotReady."""
    require_state(found, ("done",))
    counted = uow.session.execute(_COUNTED, {"import": found.id}).one()._mapping
    counts = {reason: counted[reason] for reason in REASONS}
    named: tuple[InTheWay, ...] = ()
    if any(counts.values()):
        rows = uow.session.execute(_NAMED, {"import": found.id, "most": MOST_NAMED})
        named = tuple(
            InTheWay(
                patient_id=row.id,
                patient_code=row.patient_code,
                full_name=row.full_name,
                date_of_birth=row.date_of_birth,
                reasons=tuple(reason for reason in REASONS if row._mapping[reason]),
            )
            for row in rows
        )
    known: int = counted["patients"]
    return Prospect(patients=known, untraced=found.rows_done - known, counts=counts, named=named)


def ask_to_take_back(*, uow: UnitOfWork, actor: Actor, import_id: UUID, version: int) -> PatientImport:
    """Have an import's patients taken out again. Asked again while it is on its way or done, nothing happens.

    Raises NotFound, PreconditionFailed, ImportNotReady, ImportInUse.
    """
    found = held(uow, import_id, None)
    if found.state in {"taking_back", "taken_back"} and found.taken_back_by == actor.id:
        return found
    if found.version != version:
        raise PreconditionFailed
    prospect = prospect_of(uow=uow, found=found)
    if not prospect.possible:
        raise ImportInUse(data={"in_the_way": dict(prospect.counts), "untraced": prospect.untraced})
    begin_work(found, "taking_back")
    found.rows_total = prospect.patients
    found.taken_back_by = actor.id
    uow.flush()
    note(uow, actor, found, "take_back")
    return found


def take_back(*, uow: UnitOfWork, import_id: UUID, claim: UUID, told: Callable[[int], None]) -> int:
    """Take the patients out and tell central to forget them; whoever calls commits, once. Returns how many.

    `told` hears how many are out. Raises LeaseLost where somebody else finished it meanwhile, and IntegrityError where
    something was added to a patient meanwhile.
    """
    staff = uow.session.scalar(
        select(PatientImport.taken_back_by).where(PatientImport.id == import_id, PatientImport.claim_id == claim)
    )
    if staff is None:
        raise LeaseLost
    if uow.session.execute(text("SELECT epoch FROM hospital_sync")).first() is None:
        raise SyncStateMissing("hospital_sync has no row")
    taken, after = 0, UUID(int=0)
    while patients := list(uow.session.scalars(_BATCH, {"import": import_id, "after": after, "most": BATCH_PATIENTS})):
        given = {
            "import": import_id,
            "claim": claim,
            "patients": patients,
            "staff": staff,
            "aggregate": PATIENT,
            "event": PATIENT_ERASED,
        }
        for write in _WRITES:
            uow.session.execute(write, given)
        taken, after = taken + len(patients), patients[-1]
        told(taken)
    finish(
        uow=uow,
        import_id=import_id,
        claim=claim,
        state="taken_back",
        taken_back_at=func.now(),
        rows_done=taken,
        failure=None,
    )
    return taken
