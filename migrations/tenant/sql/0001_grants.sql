-- What each role of one hospital may do with the tables of 0001. It states the whole, so that calling it again changes
-- nothing; `migrations.runner` calls it, as the owner, after each migration and once after a clone.

CREATE FUNCTION grant_hospital_core(app name, portal name, sync name, seal name) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
EXECUTE format($sql$
REVOKE ALL ON
    appointments, audit_logs, audit_seals, data_keys, departments, hospital_identity, hospital_info, hospital_sync,
    idempotency_keys, patient_identifiers, patient_links, patient_login_logs, patient_refresh_tokens,
    patient_sessions, patient_sign_in_failures, patient_users, patients, portal_invites, roles, staff_invites, staff_refresh_tokens,
    staff_sessions, user_roles, users
FROM %1$I, %2$I, %3$I, %4$I;

-- All read the fingerprint; none writes it.
GRANT SELECT ON hospital_identity TO %1$I, %2$I, %3$I, %4$I;
GRANT SELECT ON hospital_sync TO %1$I, %2$I, %3$I, %4$I;
GRANT EXECUTE ON FUNCTION
    uuidrange(uuid, uuid), uuidrange(uuid, uuid, text), portal_patient(), portal_account(),
    code_text(text, bigint), next_patient_code(), next_appointment_code()
TO %1$I, %2$I;

-- Staff. No DELETE on anything that a record is made of, no UPDATE on the audit log.
GRANT SELECT, UPDATE ON hospital_info TO %1$I;
GRANT SELECT, INSERT ON data_keys TO %1$I;
GRANT SELECT, INSERT, UPDATE ON users, departments, roles TO %1$I;
GRANT SELECT, INSERT, DELETE ON user_roles TO %1$I;
GRANT SELECT, INSERT, UPDATE, DELETE ON staff_sessions, staff_refresh_tokens, staff_invites, idempotency_keys TO %1$I;
GRANT SELECT, INSERT, UPDATE ON patients, patient_identifiers, appointments TO %1$I;
GRANT USAGE ON SEQUENCE patient_code_numbers, appointment_code_numbers TO %1$I;
GRANT SELECT (id, patient_id, status, last_login_at, created_at, updated_at), UPDATE (status, updated_at)
    ON patient_users TO %1$I;
GRANT SELECT (id, patient_id, tag, tries, created_at, created_by, expires_at, used_at, replaced_at), INSERT,
    UPDATE (replaced_at) ON portal_invites TO %1$I;
GRANT SELECT, UPDATE (ended_at, end_reason) ON patient_sessions, patient_links TO %1$I;
GRANT SELECT ON patient_login_logs TO %1$I;
GRANT SELECT, INSERT ON audit_logs TO %1$I;
GRANT EXECUTE ON FUNCTION doctor_busy_times(uuid, date) TO %1$I;

-- Patients, through row level security.
GRANT SELECT ON hospital_info, departments TO %2$I;
GRANT SELECT (id, full_name, role, department_id, status) ON users TO %2$I;
GRANT SELECT ON patients, patient_identifiers TO %2$I;
GRANT SELECT, INSERT, UPDATE (status, cancelled_at, cancelled_by_kind, cancellation_reason, version, updated_at,
    updated_by) ON appointments TO %2$I;
GRANT USAGE ON SEQUENCE appointment_code_numbers TO %2$I;
GRANT SELECT, INSERT, UPDATE ON patient_users, patient_links TO %2$I;
GRANT SELECT, INSERT, UPDATE, DELETE ON patient_sessions, patient_refresh_tokens,
    patient_sign_in_failures TO %2$I;
GRANT SELECT, INSERT ON patient_login_logs TO %2$I;
GRANT INSERT ON audit_logs TO %2$I;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO %2$I;
GRANT EXECUTE ON FUNCTION
    portal_accounts_by_identifier(text, text), portal_account_of_refresh_token(bytea),
    portal_redeem_invite(text, text, bytea), portal_linked_account(uuid, uuid), doctor_busy_times(uuid, date)
TO %2$I;

-- The sync worker works through the functions of 0002; here it finds the data key of its signing key.
GRANT SELECT ON data_keys TO %3$I;

-- The sealer reads the audit log, adds seals, and sends their heads to central.
GRANT SELECT ON audit_logs TO %4$I;
GRANT SELECT, INSERT ON audit_seals TO %4$I;
GRANT SELECT, INSERT ON data_keys TO %4$I;
GRANT EXECUTE ON FUNCTION audit_make_partitions(integer) TO %4$I;

DROP POLICY IF EXISTS staff ON patients;
CREATE POLICY staff ON patients TO %1$I USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS own ON patients;
CREATE POLICY own ON patients FOR SELECT TO %2$I USING (id = portal_patient());

DROP POLICY IF EXISTS staff ON patient_identifiers;
CREATE POLICY staff ON patient_identifiers TO %1$I USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS own ON patient_identifiers;
CREATE POLICY own ON patient_identifiers FOR SELECT TO %2$I USING (patient_id = portal_patient());

DROP POLICY IF EXISTS staff ON appointments;
CREATE POLICY staff ON appointments TO %1$I USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS own ON appointments;
CREATE POLICY own ON appointments FOR SELECT TO %2$I USING (patient_id = portal_patient());
DROP POLICY IF EXISTS book ON appointments;
CREATE POLICY book ON appointments FOR INSERT TO %2$I WITH CHECK (
    patient_id = portal_patient() AND status = 'scheduled' AND source IN ('web_portal', 'mobile_app')
    AND created_by IS NULL
);
DROP POLICY IF EXISTS cancel ON appointments;
CREATE POLICY cancel ON appointments FOR UPDATE TO %2$I
    USING (patient_id = portal_patient() AND status IN ('scheduled', 'confirmed'))
    WITH CHECK (patient_id = portal_patient() AND status = 'cancelled' AND cancelled_by_kind = 'patient');

DROP POLICY IF EXISTS staff ON patient_users;
CREATE POLICY staff ON patient_users TO %1$I USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS own ON patient_users;
CREATE POLICY own ON patient_users TO %2$I
    USING (patient_id = portal_patient() OR id = portal_account())
    WITH CHECK (patient_id = portal_patient() OR id = portal_account());

DROP POLICY IF EXISTS staff ON patient_sessions;
CREATE POLICY staff ON patient_sessions TO %1$I USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS own ON patient_sessions;
CREATE POLICY own ON patient_sessions TO %2$I
    USING (account_id = portal_account()) WITH CHECK (account_id = portal_account());

DROP POLICY IF EXISTS own ON patient_refresh_tokens;
CREATE POLICY own ON patient_refresh_tokens TO %2$I
    USING (EXISTS (SELECT FROM patient_sessions s WHERE s.id = session_id AND s.account_id = portal_account()))
    WITH CHECK (EXISTS (SELECT FROM patient_sessions s WHERE s.id = session_id AND s.account_id = portal_account()));

DROP POLICY IF EXISTS own ON patient_sign_in_failures;
CREATE POLICY own ON patient_sign_in_failures TO %2$I
    USING (account_id = portal_account()) WITH CHECK (account_id = portal_account());

DROP POLICY IF EXISTS staff ON patient_links;
CREATE POLICY staff ON patient_links TO %1$I USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS own ON patient_links;
CREATE POLICY own ON patient_links TO %2$I
    USING (account_id = portal_account()) WITH CHECK (account_id = portal_account());

DROP POLICY IF EXISTS staff ON patient_login_logs;
CREATE POLICY staff ON patient_login_logs FOR SELECT TO %1$I USING (true);
DROP POLICY IF EXISTS own ON patient_login_logs;
CREATE POLICY own ON patient_login_logs FOR SELECT TO %2$I USING (patient_id = portal_patient());
DROP POLICY IF EXISTS added ON patient_login_logs;
CREATE POLICY added ON patient_login_logs FOR INSERT TO %2$I WITH CHECK (patient_id = portal_patient());

DROP POLICY IF EXISTS staff ON audit_logs;
CREATE POLICY staff ON audit_logs TO %1$I USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS seal ON audit_logs;
CREATE POLICY seal ON audit_logs FOR SELECT TO %4$I USING (true);
DROP POLICY IF EXISTS own ON audit_logs;
CREATE POLICY own ON audit_logs FOR INSERT TO %2$I
    WITH CHECK (actor_kind = 'patient' AND user_id = portal_account());

-- Remembered answers hold what was answered: each patient finds their own only.
DROP POLICY IF EXISTS staff ON idempotency_keys;
CREATE POLICY staff ON idempotency_keys TO %1$I USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS own ON idempotency_keys;
CREATE POLICY own ON idempotency_keys TO %2$I
    USING (actor_id = portal_account()) WITH CHECK (actor_id = portal_account());
$sql$, app, portal, sync, seal);
END
$grants$;
