DROP FUNCTION grant_second_factor(name, name, name, name);
DROP FUNCTION portal_take_second_factor(uuid);
DROP POLICY IF EXISTS staff ON data_keys;
DROP POLICY IF EXISTS worker ON data_keys;
DROP POLICY IF EXISTS patients ON data_keys;
ALTER TABLE data_keys DISABLE ROW LEVEL SECURITY;
DROP TABLE patient_recovery_codes, staff_recovery_codes;
UPDATE roles SET permissions = permissions - 'patient.reset_mfa';
ALTER TABLE roles DROP COLUMN mfa_required;
ALTER TABLE patient_sessions DROP COLUMN mfa_at;
ALTER TABLE staff_sessions DROP COLUMN mfa_at;
ALTER TABLE patient_users
    DROP CONSTRAINT ck_patient_users_mfa,
    DROP COLUMN mfa_enabled,
    DROP COLUMN mfa_secret,
    DROP COLUMN mfa_enabled_at,
    DROP COLUMN mfa_last_step,
    DROP COLUMN mfa_pending_secret,
    DROP COLUMN mfa_pending_at,
    DROP COLUMN mfa_reset_at;
ALTER TABLE users
    DROP CONSTRAINT ck_users_mfa,
    DROP COLUMN mfa_enabled_at,
    DROP COLUMN mfa_last_step,
    DROP COLUMN mfa_pending_secret,
    DROP COLUMN mfa_pending_at,
    DROP COLUMN mfa_reset_at;
