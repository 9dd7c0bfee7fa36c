-- Functions over the tables. Those with SECURITY DEFINER run as the schema's owner, past row level security: each does
-- one thing, pins its search path, and may be called by those roles only that grant_hospital_core names.

-- Makes the partitions of this month and of the `months_ahead` after it, in UTC; answers how many were new. A table is
-- attached rather than created in place: attaching does not stop those who write.
CREATE FUNCTION audit_make_partitions(months_ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    first_day date := date_trunc('month', now() AT TIME ZONE 'UTC')::date;
    starts date;
    ends date;
    partition_name text;
    made integer := 0;
BEGIN
    IF months_ahead NOT BETWEEN 0 AND 60 THEN
        RAISE EXCEPTION 'months_ahead must be between 0 and 60';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('audit_make_partitions', 0));
    FOR offset_months IN 0..months_ahead LOOP
        starts := first_day + make_interval(months => offset_months);
        ends := starts + interval '1 month';
        partition_name := 'audit_logs_y' || to_char(starts, 'YYYY') || 'm' || to_char(starts, 'MM');
        CONTINUE WHEN to_regclass('public.' || quote_ident(partition_name)) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE audit_logs INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition_name);
        EXECUTE format(
            'ALTER TABLE audit_logs ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            partition_name, starts::text || ' 00:00:00+00', ends::text || ' 00:00:00+00'
        );
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;

-- Signing in: the accounts of the patient who has this number now. Nothing else may look accounts up by a number.
CREATE FUNCTION portal_accounts_by_identifier(wanted_system text, wanted_value text)
RETURNS TABLE (
    account_id uuid, patient_id uuid, password_hash text, status text, failed_login_attempts integer,
    locked_until timestamptz, last_login_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.id, a.patient_id, a.password_hash, a.status, a.failed_login_attempts, a.locked_until, a.last_login_at
    FROM patient_identifiers i
    JOIN patients p ON p.id = i.patient_id AND p.status = 'active'
    JOIN patient_users a ON a.patient_id = p.id
    WHERE i.system = wanted_system AND i.value = wanted_value AND i.valid_to IS NULL
$$;

-- Refreshing: whose the token is. What it is worth is decided by the caller, under row level security.
CREATE FUNCTION portal_account_of_refresh_token(wanted_hash bytea) RETURNS TABLE (account_id uuid, patient_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.id, a.patient_id
    FROM patient_refresh_tokens t
    JOIN patient_sessions s ON s.id = t.session_id
    JOIN patient_users a ON a.id = s.account_id
    WHERE t.token_hash = wanted_hash
$$;

-- Redeeming an activation code. A wrong code is a try, which the caller must commit although nothing comes back.
CREATE FUNCTION portal_redeem_invite(wanted_system text, wanted_value text, given_hash bytea)
RETURNS TABLE (invite_id uuid, patient_id uuid, account_id uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    live portal_invites%ROWTYPE;
BEGIN
    SELECT v.* INTO live
    FROM portal_invites v
    JOIN patient_identifiers i ON i.patient_id = v.patient_id
    JOIN patients p ON p.id = v.patient_id AND p.status = 'active'
    WHERE i.system = wanted_system AND i.value = wanted_value AND i.valid_to IS NULL
        AND v.used_at IS NULL AND v.replaced_at IS NULL AND v.expires_at > now() AND v.tries < 5
    FOR UPDATE OF v;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF live.code_hash <> given_hash THEN
        UPDATE portal_invites SET tries = tries + 1 WHERE id = live.id;
        RETURN;
    END IF;
    UPDATE portal_invites SET used_at = now() WHERE id = live.id;
    RETURN QUERY
        SELECT live.id, live.patient_id, a.id
        FROM (SELECT 1) one LEFT JOIN patient_users a ON a.patient_id = live.patient_id;
END
$$;

-- A call from another hospital's session: which account here it may use, while the link lives.
CREATE FUNCTION portal_linked_account(other_tenant uuid, other_account uuid)
RETURNS TABLE (account_id uuid, patient_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.id, a.patient_id
    FROM patient_links l
    JOIN patient_users a ON a.id = l.account_id AND a.status = 'active'
    JOIN patients p ON p.id = a.patient_id AND p.status = 'active'
    WHERE l.direction = 'opened_by' AND l.other_tenant_id = other_tenant AND l.other_account_id = other_account
        AND l.ended_at IS NULL
$$;

-- When a doctor is taken on a day, and by nobody in particular: a patient may see that much to choose a time.
CREATE FUNCTION doctor_busy_times(wanted_doctor uuid, wanted_day date)
RETURNS TABLE (start_time time, end_time time)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.start_time, a.end_time FROM appointments a
    WHERE a.doctor_id = wanted_doctor AND a.appointment_date = wanted_day AND a.status <> 'cancelled'
    ORDER BY a.start_time
$$;

SELECT audit_make_partitions(12);
