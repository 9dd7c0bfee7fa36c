DROP FUNCTION grant_reminded_guardians(name, name, name, name);
DROP FUNCTION prune_reminders(integer);
DROP INDEX ix_appointment_reminders_starts_at;
DROP FUNCTION reminders_claim_addressed(text, uuid, integer, double precision);

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
        WHEN coalesce(CASE r.reminder_type WHEN 'email' THEN p.email ELSE p.phone END, '') = '' THEN 'no_address'
    END
    FROM appointment_reminders r
    CROSS JOIN reminder_settings s
    LEFT JOIN appointments a ON a.id = r.appointment_id
    LEFT JOIN patients p ON p.id = r.patient_id
    LEFT JOIN patient_portal_preferences wish
        ON wish.patient_id = r.patient_id AND wish.preference_key = 'reminders.' || r.reminder_type
    WHERE r.id = p_reminder
$$;
DROP FUNCTION reminder_phone(uuid, timestamptz);

CREATE OR REPLACE FUNCTION mark_no_shows(p_limit integer) RETURNS integer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    wait integer;
    today date := (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date;
    picked uuid[];
    marked integer;
BEGIN
    SELECT s.no_show_after INTO wait FROM reminder_settings s;
    IF wait IS NULL THEN
        RETURN 0;
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
    WITH gone AS (
        UPDATE appointments a
        SET status = 'no_show', no_show_at = now(), updated_at = now(), updated_by = NULL, version = a.version + 1
        WHERE a.id = ANY (picked) AND a.status IN ('scheduled', 'confirmed')
            AND NOT EXISTS (SELECT FROM queue_entries q WHERE q.appointment_id = a.id)
        RETURNING a.id, a.patient_id
    ), noted AS (
        INSERT INTO audit_logs (actor_kind, portal, action, resource_type, resource_id, patient_id, changed)
        SELECT 'worker', 'admin', 'appointment.no_show', 'appointment', gone.id::text, gone.patient_id, '["status"]'
        FROM gone
    )
    SELECT count(*) INTO marked FROM gone;
    RETURN marked;
END
$$;
DROP FUNCTION note_no_shows(integer);
