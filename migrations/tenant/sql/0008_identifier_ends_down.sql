ALTER TABLE patient_identifiers DROP COLUMN end_reason, DROP COLUMN ended_by;
