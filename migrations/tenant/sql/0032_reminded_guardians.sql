-- Reminders for a child go to the guardian; old reminders are forgotten; who did not come is told to whoever looks on.

-- To which telephone a patient's SMS goes: a child's (below 16 on the day of the visit: Law on Children 2016, Art. 1) to the
-- guardian who is marked as such, the one to call first before others; `guardian` is that person's name.
CREATE FUNCTION reminder_phone(p_patient uuid, p_starts timestamptz) RETURNS TABLE (phone varchar, guardian varchar)
    LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT coalesce(c.phone, p.phone), c.full_name
    FROM patients p
    LEFT JOIN LATERAL (
        SELECT g.phone, g.full_name FROM patient_contacts g
        WHERE g.patient_id = p.id AND g.is_guardian AND g.ended_at IS NULL
            AND p.date_of_birth > ((p_starts AT TIME ZONE 'Asia/Ho_Chi_Minh')::date - interval '16 years')
        ORDER BY g.call_first DESC, g.created_at, g.id LIMIT 1
    ) c ON true
    WHERE p.id = p_patient
$$;

-- As before, with the guardian's telephone for a child.
CREATE OR REPLACE FUNCTION reminder_obstacle(p_reminder uuid) RETURNS text
    LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT CASE
        WHEN r.kind = 'test' THEN CASE WHEN r.starts_at <= now() THEN 'expired' END
        WHEN a.status NOT IN ('scheduled', 'confirmed') THEN 'appointment'
        WHEN r.starts_at <= now() THEN 'expired'
        WHEN p.status <> 'active' THEN 'patient_inactive'
        WHEN NOT CASE r.reminder_type WHEN 'email' THEN s.email_on ELSE s.sms_on END THEN 'settings'
        WHEN wish.preference_value = 'off' THEN 'opted_out'
        WHEN wish.preference_value IS NULL AND s.needs_consent THEN 'no_consent'
        WHEN coalesce(CASE r.reminder_type WHEN 'email' THEN p.email ELSE whom.phone END, '') = '' THEN 'no_address'
    END
    FROM appointment_reminders r
    CROSS JOIN reminder_settings s
    LEFT JOIN appointments a ON a.id = r.appointment_id
    LEFT JOIN patients p ON p.id = r.patient_id
    LEFT JOIN LATERAL reminder_phone(r.patient_id, r.starts_at) whom ON true
    LEFT JOIN patient_portal_preferences wish
        ON wish.patient_id = r.patient_id AND wish.preference_key = 'reminders.' || r.reminder_type
    WHERE r.id = p_reminder
$$;

-- As `reminders_claim`, with the address of whoever is to be reminded.
CREATE FUNCTION reminders_claim_addressed(p_channel text, p_claim uuid, p_limit integer, p_lease_seconds double precision)
    RETURNS TABLE (id uuid, kind varchar, status varchar, starts_at timestamptz, attempts integer, address varchar,
        language text, department varchar, hospital varchar, hospital_address text, hospital_phone varchar,
        hospital_email varchar, sms_unaccented boolean)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT c.id, c.kind, c.status, c.starts_at, c.attempts,
        CASE WHEN c.kind = 'test' OR p_channel = 'email' THEN c.address ELSE whom.phone END,
        c.language, c.department, c.hospital, c.hospital_address, c.hospital_phone, c.hospital_email, c.sms_unaccented
    FROM reminders_claim(p_channel, p_claim, p_limit, p_lease_seconds) c
    JOIN appointment_reminders r ON r.id = c.id
    LEFT JOIN LATERAL reminder_phone(r.patient_id, r.starts_at) whom ON true
$$;

-- Reminders of visits that are longer past than the hospital keeps them (`reminders.kept_months`, by default 24).
CREATE FUNCTION prune_reminders(batch_size integer) RETURNS TABLE (kind text, removed bigint)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    months integer := coalesce((
        SELECT c.config_value::integer FROM public.system_configs c
        WHERE c.config_key = 'reminders.kept_months' AND c.portal = 'hospital' AND c.config_value ~ '^[0-9]{1,3}$'), 24);
BEGIN
    IF batch_size IS NULL OR batch_size NOT BETWEEN 1 AND 100000 THEN
        RAISE EXCEPTION 'batch_size must be between 1 and 100000';
    END IF;
    kind := 'appointment_reminders';
    DELETE FROM public.appointment_reminders WHERE ctid = ANY (ARRAY(
        SELECT r.ctid FROM public.appointment_reminders r
        WHERE r.starts_at < now() - make_interval(months => greatest(months, 3))
            AND (r.lease_until IS NULL OR r.lease_until < now())
        LIMIT batch_size));
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
END
$$;
CREATE INDEX ix_appointment_reminders_starts_at ON appointment_reminders (starts_at);

-- As `mark_no_shows` was, and says whom: it is told to whoever looks at that day.
CREATE FUNCTION note_no_shows(p_limit integer) RETURNS TABLE (appointment_id uuid, appointment_date date,
        department_id uuid, doctor_id uuid, version bigint)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    wait integer;
    today date := (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date;
    picked uuid[];
BEGIN
    SELECT s.no_show_after INTO wait FROM reminder_settings s;
    IF wait IS NULL THEN
        RETURN;
    END IF;
    picked := ARRAY(
        SELECT a.id FROM appointments a
        WHERE a.appointment_date BETWEEN today - 1 AND today AND a.status IN ('scheduled', 'confirmed')
            AND a.no_show_at IS NULL
            AND (a.appointment_date + a.end_time) AT TIME ZONE 'Asia/Ho_Chi_Minh' <= now() - make_interval(mins => wait)
            AND NOT EXISTS (SELECT FROM queue_entries q WHERE q.appointment_id = a.id)
        ORDER BY a.appointment_date, a.start_time
        LIMIT p_limit
        FOR UPDATE SKIP LOCKED);
    RETURN QUERY
        WITH gone AS (
            UPDATE appointments a
            SET status = 'no_show', no_show_at = now(), updated_at = now(), updated_by = NULL, version = a.version + 1
            WHERE a.id = ANY (picked) AND a.status IN ('scheduled', 'confirmed')
                AND NOT EXISTS (SELECT FROM queue_entries q WHERE q.appointment_id = a.id)
            RETURNING a.id, a.patient_id, a.appointment_date, a.department_id, a.doctor_id, a.version
        ), noted AS (
            INSERT INTO audit_logs (actor_kind, portal, action, resource_type, resource_id, patient_id, changed)
            SELECT 'worker', 'admin', 'appointment.no_show', 'appointment', gone.id::text, gone.patient_id, '["status"]'
            FROM gone
        )
        SELECT gone.id, gone.appointment_date, gone.department_id, gone.doctor_id, gone.version FROM gone;
END
$$;
-- For jobs of the version before.
CREATE OR REPLACE FUNCTION mark_no_shows(p_limit integer) RETURNS integer
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT count(*)::integer FROM note_no_shows(p_limit)
$$;

CREATE FUNCTION grant_reminded_guardians(app name, portal name, sync name, seal name) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
    EXECUTE format($sql$
        GRANT EXECUTE ON FUNCTION reminder_phone(uuid, timestamptz) TO %1$I;
        GRANT EXECUTE ON FUNCTION reminders_claim_addressed(text, uuid, integer, double precision),
            prune_reminders(integer), note_no_shows(integer) TO %4$I;
    $sql$, app, portal, sync, seal);
END
$grants$;
REVOKE ALL ON FUNCTION grant_reminded_guardians(name, name, name, name) FROM PUBLIC;
