-- Takes away all that 0001 made, in the order of what leans on what.
DROP FUNCTION grant_hospital_core;
DROP FUNCTION doctor_busy_times, portal_linked_account, portal_redeem_invite,
    portal_account_of_refresh_token, portal_accounts_by_identifier, audit_make_partitions;
ALTER TABLE departments DROP CONSTRAINT fk_departments_head_doctor_id;
DROP TABLE patient_sign_in_failures, patient_refresh_tokens, patient_sessions, patient_login_logs, patient_links,
    staff_refresh_tokens, portal_invites, patient_users, patient_identifiers, appointments, user_roles, staff_sessions,
    staff_invites, patients, users, roles, idempotency_keys, hospital_sync, hospital_info, hospital_identity,
    departments, data_keys, audit_seals, audit_logs;
DROP FUNCTION portal_account, portal_patient, next_appointment_code, next_patient_code, code_text;
DROP SEQUENCE appointment_code_numbers, patient_code_numbers;
DROP TYPE uuidrange;
