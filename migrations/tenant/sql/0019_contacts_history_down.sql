UPDATE roles SET permissions = permissions - 'history.read' - 'history.note';
DROP FUNCTION grant_contacts_history(name, name, name, name);
DROP TABLE patient_history;
DROP TABLE patient_contacts;
