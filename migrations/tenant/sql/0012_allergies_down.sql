UPDATE roles SET permissions = permissions - 'allergy.note';
DROP FUNCTION grant_patient_allergies;
ALTER TABLE patients DROP COLUMN no_known_allergies_at, DROP COLUMN no_known_allergies_by;
DROP TABLE patient_allergies;
