UPDATE roles SET permissions = permissions - 'patient.close';
DROP FUNCTION grant_patient_status(name, name, name, name);
DROP TABLE patient_status_changes;
DROP INDEX ix_patients_closed;
ALTER TABLE patients DROP COLUMN deceased_on;
