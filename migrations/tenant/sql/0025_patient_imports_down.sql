UPDATE roles SET permissions = permissions - 'patient.import';
DROP FUNCTION grant_patient_imports(name, name, name, name);
DROP FUNCTION prune_patient_imports(integer);
DROP TABLE patient_import_rows, patient_import_files, patient_imports;
