"""Importing: all patients of an import in one transaction, a few statements a batch, or none of them.

It does what registering does (tenant_app.patients.service.register): the patient, the numbers, the allergies, whom to
call, the audit row, and what central is told. A test registers a patient both ways and compares.
"""

from collections.abc import Callable
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import delete, func, select, text

from kernel.database.unit_of_work import UnitOfWork
from kernel.text import N_
from tenant_app.outbox.public import PATIENT, SyncStateMissing
from tenant_app.patient_imports.models import PatientImport, PatientImportFile, PatientImportRow
from tenant_app.patient_imports.staging import LeaseLost, finish
from tenant_app.patients.public import REGISTERED

BATCH_ROWS: Final = 5_000

TAKEN_MEANWHILE: Final = N_(
    "Nothing was imported: a patient with the number in row %(row)s was registered meanwhile. Leave that row out, and "
    "import again."
)

_CHOSEN: Final = """
    FROM patient_import_rows r
    WHERE r.import_id = :import AND r.row_number > :after AND r.row_number <= :upto
        AND NOT r.wrong AND r.decision IS DISTINCT FROM 'skip'
"""
_PATIENTS: Final = text(f"""
    INSERT INTO patients (id, patient_global_id, full_name, search_key, date_of_birth, gender, phone, email, address,
        emergency_contact, allergies, blood_type, import_id, created_by, updated_by)
    SELECT r.patient_id, r.patient_global_id, r.full_name, r.search_key, r.date_of_birth, r.gender, r.phone, r.email,
        r.address, r.emergency_contact, r.allergies, r.blood_type, r.import_id, :staff, :staff
    {_CHOSEN} ORDER BY r.row_number
""")
_IDENTIFIERS: Final = text(f"""
    INSERT INTO patient_identifiers (patient_id, system, value, created_by)
    SELECT chosen.patient_id, number.system, number.value, :staff
    FROM (SELECT r.* {_CHOSEN}) chosen
    CROSS JOIN LATERAL (VALUES ('bhyt', chosen.bhyt), ('cccd', chosen.cccd), ('cmnd', chosen.cmnd),
        ('passport', chosen.passport)) AS number (system, value)
    WHERE number.value IS NOT NULL
    ORDER BY number.system, number.value
""")  # noqa: S608 - as above.
_ALLERGIES: Final = text(f"""
    INSERT INTO patient_allergies (patient_id, substance, created_by)
    SELECT chosen.patient_id, substance, :staff
    FROM (SELECT r.* {_CHOSEN} AND r.allergies IS NOT NULL) chosen
    CROSS JOIN LATERAL jsonb_array_elements_text(chosen.allergies) AS substance
""")  # noqa: S608 - as above.
_CONTACTS: Final = text(f"""
    INSERT INTO patient_contacts (patient_id, full_name, relation, phone, call_first, created_by)
    SELECT r.patient_id, r.emergency_contact ->> 'name', r.emergency_contact ->> 'relation',
        r.emergency_contact ->> 'phone', true, :staff
    {_CHOSEN} AND r.emergency_contact IS NOT NULL
""")
_AUDIT: Final = text(f"""
    INSERT INTO audit_logs (actor_kind, user_id, portal, action, resource_type, resource_id, patient_id, changed)
    SELECT 'staff', :staff, 'hospital', 'patient.register', 'patient', r.patient_id::text, r.patient_id, (
        SELECT jsonb_agg(named.field ORDER BY named.field)
        FROM (VALUES ('address', r.address), ('allergies', r.allergies::text), ('bhyt', r.bhyt),
            ('blood_type', r.blood_type), ('cccd', r.cccd), ('cmnd', r.cmnd), ('date_of_birth', 'given'),
            ('email', r.email), ('emergency_contact', r.emergency_contact::text), ('full_name', 'given'),
            ('gender', 'given'), ('passport', r.passport), ('phone', r.phone)) AS named (field, value)
        WHERE named.value IS NOT NULL)
    {_CHOSEN}
""")  # noqa: S608 - as above.
# The payload as tenant_app.outbox.payloads.patient_payload makes it of a patient at the first version.
_OUTBOX: Final = text(f"""
    INSERT INTO outbox (aggregate_type, aggregate_id, event_type, epoch, n, payload)
    SELECT :aggregate, r.patient_id, :event, (SELECT epoch FROM hospital_sync), 1, jsonb_build_object(
        'patient_global_id', r.patient_global_id,
        'status', 'active',
        'metadata', jsonb_build_object('full_name', r.full_name, 'date_of_birth', r.date_of_birth, 'gender', r.gender,
            'phone', r.phone, 'email', r.email),
        'identifiers', coalesce((
            SELECT jsonb_agg(jsonb_build_object('system', number.system, 'value', number.value) ORDER BY number.system)
            FROM (VALUES ('bhyt', r.bhyt), ('cccd', r.cccd), ('cmnd', r.cmnd), ('passport', r.passport))
                AS number (system, value)
            WHERE number.value IS NOT NULL), '[]'::jsonb))
    {_CHOSEN}
""")  # noqa: S608 - as above.
_WRITES: Final = (_PATIENTS, _IDENTIFIERS, _ALLERGIES, _CONTACTS, _AUDIT, _OUTBOX)


class Imported(NamedTuple):
    """How many patients there are more."""

    patients: int


def commit_rows(*, uow: UnitOfWork, import_id: UUID, claim: UUID, told: Callable[[int], None]) -> Imported:
    """Register what is to be imported and take its rows and file out; whoever calls commits, once.

    `told` hears how many rows have gone by. Raises LeaseLost where the import was finished by somebody else meanwhile,
    and IntegrityError where a number was taken meanwhile.
    """
    staff = uow.session.scalar(
        select(PatientImport.committed_by).where(PatientImport.id == import_id, PatientImport.claim_id == claim)
    )
    last = uow.session.scalar(
        select(func.max(PatientImportRow.row_number)).where(PatientImportRow.import_id == import_id)
    )
    if staff is None or last is None:
        raise LeaseLost
    if uow.session.execute(text("SELECT epoch FROM hospital_sync")).first() is None:
        raise SyncStateMissing("hospital_sync has no row")
    patients = 0
    for after in range(0, last, BATCH_ROWS):
        given = {
            "import": import_id,
            "after": after,
            "upto": after + BATCH_ROWS,
            "staff": staff,
            "aggregate": PATIENT,
            "event": REGISTERED,
        }
        for write in _WRITES:
            written = uow.session.execute(write, given, execution_options={"preserve_rowcount": True})
            if write is _PATIENTS:
                patients += getattr(written, "rowcount", 0)
        told(min(after + BATCH_ROWS, last))
    _close(uow, import_id, claim, patients)
    return Imported(patients)


def _close(uow: UnitOfWork, import_id: UUID, claim: UUID, patients: int) -> None:
    """The last statement of the transaction decides: of two who worked on one import, the second finds it done."""
    finish(
        uow=uow,
        import_id=import_id,
        claim=claim,
        state="done",
        committed_at=func.now(),
        rows_done=patients,
        failure=None,
        samples={},
        headings=[],
    )
    uow.session.execute(delete(PatientImportFile).where(PatientImportFile.import_id == import_id))
    uow.session.execute(delete(PatientImportRow).where(PatientImportRow.import_id == import_id))
