-- The second factor (TOTP) of staff and patients. Secrets are sealed under the hospital's own data key, bound to their row.
ALTER TABLE users
    ADD COLUMN mfa_enabled_at timestamptz,
    ADD COLUMN mfa_last_step bigint,
    ADD COLUMN mfa_pending_secret text,
    ADD COLUMN mfa_pending_at timestamptz,
    ADD COLUMN mfa_reset_at timestamptz,
    ADD CONSTRAINT ck_users_mfa CHECK (NOT mfa_enabled OR mfa_secret IS NOT NULL);
ALTER TABLE patient_users
    ADD COLUMN mfa_enabled boolean DEFAULT false NOT NULL,
    ADD COLUMN mfa_secret text,
    ADD COLUMN mfa_enabled_at timestamptz,
    ADD COLUMN mfa_last_step bigint,
    ADD COLUMN mfa_pending_secret text,
    ADD COLUMN mfa_pending_at timestamptz,
    ADD COLUMN mfa_reset_at timestamptz,
    ADD CONSTRAINT ck_patient_users_mfa CHECK (NOT mfa_enabled OR mfa_secret IS NOT NULL);
ALTER TABLE staff_sessions ADD COLUMN mfa_at timestamptz;
ALTER TABLE patient_sessions ADD COLUMN mfa_at timestamptz;
ALTER TABLE roles ADD COLUMN mfa_required boolean DEFAULT false NOT NULL;

CREATE TABLE staff_recovery_codes (
    id uuid DEFAULT uuidv7() NOT NULL,
    account_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    used_at timestamptz,
    CONSTRAINT pk_staff_recovery_codes PRIMARY KEY (id),
    CONSTRAINT uq_staff_recovery_codes_account_id_code_hash UNIQUE (account_id, code_hash),
    CONSTRAINT fk_staff_recovery_codes_account_id FOREIGN KEY (account_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE patient_recovery_codes (
    id uuid DEFAULT uuidv7() NOT NULL,
    account_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    used_at timestamptz,
    CONSTRAINT pk_patient_recovery_codes PRIMARY KEY (id),
    CONSTRAINT uq_patient_recovery_codes_account_id_code_hash UNIQUE (account_id, code_hash),
    CONSTRAINT fk_patient_recovery_codes_account_id FOREIGN KEY (account_id) REFERENCES patient_users (id)
        ON DELETE CASCADE
);
ALTER TABLE patient_recovery_codes ENABLE ROW LEVEL SECURITY;
-- The patient portal seals under a data key of the hospital, and is shown no other key than those of that scope.
ALTER TABLE data_keys ENABLE ROW LEVEL SECURITY;

-- The desk takes a patient's factor away (a lost phone). Staff's role cannot touch the columns themselves: it could
-- plant a secret of its own.
CREATE FUNCTION portal_take_second_factor(wanted_account uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE patient_users SET mfa_enabled = false, mfa_secret = NULL, mfa_enabled_at = NULL, mfa_last_step = NULL,
        mfa_pending_secret = NULL, mfa_pending_at = NULL, mfa_reset_at = now(), updated_at = now()
    WHERE id = wanted_account AND mfa_enabled;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM patient_recovery_codes WHERE account_id = wanted_account;
    RETURN true;
END
$$;
REVOKE ALL ON FUNCTION portal_take_second_factor(uuid) FROM PUBLIC;

-- As tenant_app.staff.permissions gives it to new hospitals.
UPDATE roles SET permissions = permissions || '["patient.reset_mfa"]'::jsonb
WHERE name = 'admin' AND NOT permissions ? 'patient.reset_mfa';

CREATE FUNCTION grant_second_factor(app name, portal name, sync name, seal name) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
    EXECUTE format($sql$
        REVOKE ALL ON staff_recovery_codes, patient_recovery_codes FROM %1$I, %2$I, %3$I, %4$I;
        GRANT SELECT, INSERT, DELETE, UPDATE (used_at) ON staff_recovery_codes TO %1$I;
        GRANT SELECT (mfa_enabled) ON patient_users TO %1$I;
        GRANT EXECUTE ON FUNCTION portal_take_second_factor(uuid) TO %1$I;

        GRANT SELECT, INSERT, DELETE, UPDATE (used_at) ON patient_recovery_codes TO %2$I;
        DROP POLICY IF EXISTS own ON patient_recovery_codes;
        CREATE POLICY own ON patient_recovery_codes TO %2$I
            USING (account_id = portal_account()) WITH CHECK (account_id = portal_account());

        GRANT SELECT, INSERT ON data_keys TO %2$I;
        DROP POLICY IF EXISTS staff ON data_keys;
        CREATE POLICY staff ON data_keys TO %1$I USING (true) WITH CHECK (true);
        DROP POLICY IF EXISTS worker ON data_keys;
        CREATE POLICY worker ON data_keys FOR SELECT TO %3$I USING (true);
        DROP POLICY IF EXISTS patients ON data_keys;
        CREATE POLICY patients ON data_keys TO %2$I USING (scope = 'hospital') WITH CHECK (scope = 'hospital');
    $sql$, app, portal, sync, seal);
END
$grants$;
REVOKE ALL ON FUNCTION grant_second_factor(name, name, name, name) FROM PUBLIC;
