-- Reminders by e-mail and SMS. What is planned follows the appointments by a trigger, in the transaction that books,
-- moves or cancels, whoever does it and under whatever role. The sender works through functions only.

CREATE TABLE reminder_settings (
    singleton boolean DEFAULT true NOT NULL,
    email_on boolean DEFAULT false NOT NULL,
    sms_on boolean DEFAULT false NOT NULL,
    sms_unaccented boolean DEFAULT true NOT NULL,
    needs_consent boolean DEFAULT true NOT NULL,
    day_before_at time DEFAULT '18:00:00'::time,
    hours_before integer DEFAULT 2,
    quiet_from time DEFAULT '21:00:00'::time NOT NULL,
    quiet_until time DEFAULT '07:00:00'::time NOT NULL,
    most_a_day integer DEFAULT 4 NOT NULL,
    most_a_minute integer DEFAULT 60 NOT NULL,
    no_show_after integer,
    version bigint DEFAULT 1 NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by uuid,
    CONSTRAINT pk_reminder_settings PRIMARY KEY (singleton),
    CONSTRAINT ck_reminder_settings_singleton CHECK (singleton),
    CONSTRAINT ck_reminder_settings_hours_before CHECK (hours_before IS NULL OR hours_before BETWEEN 1 AND 12),
    CONSTRAINT ck_reminder_settings_limits CHECK (most_a_day BETWEEN 1 AND 20 AND most_a_minute BETWEEN 1 AND 600),
    CONSTRAINT ck_reminder_settings_no_show_after CHECK (no_show_after IS NULL OR no_show_after BETWEEN 15 AND 1440),
    CONSTRAINT fk_reminder_settings_updated_by FOREIGN KEY (updated_by) REFERENCES users (id) ON DELETE RESTRICT
);
-- Nothing is sent in any hospital until it says so.
INSERT INTO reminder_settings DEFAULT VALUES;

-- What a patient wishes, in the specification's table: `reminders.email` and `reminders.sms` are on or off,
-- `reminders.language` is vi or en. Nobody was asked where there is no row.
CREATE TABLE patient_portal_preferences (
    id uuid DEFAULT uuidv7() NOT NULL,
    patient_id uuid NOT NULL,
    preference_key varchar(100) NOT NULL,
    preference_value text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_patient_portal_preferences PRIMARY KEY (id),
    CONSTRAINT uq_patient_portal_preferences_key UNIQUE (patient_id, preference_key),
    CONSTRAINT ck_patient_portal_preferences_value CHECK (
        (preference_key IN ('reminders.email', 'reminders.sms') AND preference_value IN ('on', 'off'))
        OR (preference_key = 'reminders.language' AND preference_value IN ('vi', 'en'))
    ),
    CONSTRAINT fk_patient_portal_preferences_patient_id FOREIGN KEY (patient_id) REFERENCES patients (id) ON DELETE RESTRICT
);
ALTER TABLE patient_portal_preferences ENABLE ROW LEVEL SECURITY;

-- `starts_at` is the time that the reminder is about: when the appointment moves, the reminder of the old time ends and
-- another is planned. A `test` has an address of its own in place of an appointment. No address of a patient is kept here.
CREATE TABLE appointment_reminders (
    id uuid DEFAULT uuidv7() NOT NULL,
    appointment_id uuid,
    patient_id uuid,
    reminder_type varchar(50) NOT NULL,
    kind varchar(20) NOT NULL,
    starts_at timestamptz NOT NULL,
    scheduled_at timestamptz NOT NULL,
    status varchar(20) DEFAULT 'pending' NOT NULL,
    reason varchar(40),
    test_address varchar(255),
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamptz NOT NULL,
    claim_id uuid,
    lease_until timestamptz,
    handed_over_at timestamptz,
    sent_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by uuid,
    CONSTRAINT pk_appointment_reminders PRIMARY KEY (id),
    CONSTRAINT ck_appointment_reminders_type CHECK (reminder_type IN ('email', 'sms')),
    CONSTRAINT ck_appointment_reminders_kind CHECK (kind IN ('day_before', 'hours_before', 'now', 'test')),
    CONSTRAINT ck_appointment_reminders_status CHECK (status IN ('pending', 'sending', 'sent', 'uncertain', 'failed', 'cancelled', 'expired')),
    CONSTRAINT ck_appointment_reminders_about CHECK (
        (kind = 'test') = (appointment_id IS NULL) AND (kind = 'test') = (patient_id IS NULL)
        AND (kind = 'test') = (test_address IS NOT NULL)
    ),
    CONSTRAINT ck_appointment_reminders_time CHECK (kind = 'test' OR scheduled_at < starts_at),
    CONSTRAINT ck_appointment_reminders_handed_over CHECK (status NOT IN ('sending', 'sent', 'uncertain') OR handed_over_at IS NOT NULL),
    CONSTRAINT ck_appointment_reminders_reason CHECK (status NOT IN ('failed', 'cancelled') OR reason IS NOT NULL),
    CONSTRAINT fk_appointment_reminders_appointment_id FOREIGN KEY (appointment_id) REFERENCES appointments (id) ON DELETE RESTRICT,
    CONSTRAINT fk_appointment_reminders_patient_id FOREIGN KEY (patient_id) REFERENCES patients (id) ON DELETE RESTRICT,
    CONSTRAINT fk_appointment_reminders_created_by FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE UNIQUE INDEX uq_appointment_reminders_planned ON appointment_reminders (appointment_id, reminder_type, kind, starts_at) WHERE status IN ('pending', 'sending');
CREATE INDEX ix_appointment_reminders_due ON appointment_reminders (reminder_type, next_attempt_at) WHERE status IN ('pending', 'sending');
CREATE INDEX ix_appointment_reminders_failed ON appointment_reminders (id) WHERE status IN ('failed', 'uncertain');
CREATE INDEX ix_appointment_reminders_appointment ON appointment_reminders (appointment_id);
CREATE INDEX ix_appointment_reminders_patient ON appointment_reminders (patient_id, handed_over_at);
CREATE INDEX ix_appointment_reminders_handed_over ON appointment_reminders (handed_over_at);

-- Somebody who was expected and did not come.
ALTER TABLE appointments DROP CONSTRAINT ck_appointments_status;
ALTER TABLE appointments ADD CONSTRAINT ck_appointments_status CHECK (status IN ('scheduled', 'confirmed', 'in_progress', 'completed', 'cancelled', 'no_show'));
ALTER TABLE appointments ADD COLUMN no_show_at timestamptz,
    ADD CONSTRAINT ck_appointments_no_show CHECK (status <> 'no_show' OR no_show_at IS NOT NULL);
CREATE INDEX ix_appointments_no_show ON appointments (appointment_date) WHERE status = 'no_show';

-- When a reminder that should go at `p_wanted` may go: in quiet hours a quarter of an hour before they begin; where that
-- has passed, when they end. NULL where there is no such time between now and the appointment. From the first minute of
-- the quiet hours nothing is sent, at their last one it is.
CREATE FUNCTION reminder_time(p_wanted timestamptz, p_starts timestamptz, p_quiet_from time, p_quiet_until time, p_now timestamptz)
    RETURNS timestamptz
    LANGUAGE plpgsql IMMUTABLE SET search_path = public, pg_temp AS $$
DECLARE
    wanted timestamp := p_wanted AT TIME ZONE 'Asia/Ho_Chi_Minh';
    quiet_begins timestamp;
    quiet_ends timestamp;
    found timestamptz := p_wanted;
BEGIN
    IF p_wanted <= p_now OR p_wanted >= p_starts THEN
        RETURN NULL;
    END IF;
    IF reminder_quiet(p_wanted, p_quiet_from, p_quiet_until) THEN
        quiet_begins := wanted::date + p_quiet_from;
        IF quiet_begins > wanted THEN
            quiet_begins := quiet_begins - interval '1 day';
        END IF;
        found := (quiet_begins - interval '15 minutes') AT TIME ZONE 'Asia/Ho_Chi_Minh';
        IF found <= p_now THEN
            quiet_ends := wanted::date + p_quiet_until;
            IF quiet_ends <= wanted THEN
                quiet_ends := quiet_ends + interval '1 day';
            END IF;
            found := quiet_ends AT TIME ZONE 'Asia/Ho_Chi_Minh';
        END IF;
        IF found <= p_now OR found >= p_starts THEN
            RETURN NULL;
        END IF;
    END IF;
    RETURN found;
END
$$;

CREATE FUNCTION reminder_quiet(p_moment timestamptz, p_quiet_from time, p_quiet_until time) RETURNS boolean
    LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT CASE
        WHEN p_quiet_from < p_quiet_until THEN local >= p_quiet_from AND local < p_quiet_until
        WHEN p_quiet_from > p_quiet_until THEN local >= p_quiet_from OR local < p_quiet_until
        ELSE false
    END
    FROM (SELECT (p_moment AT TIME ZONE 'Asia/Ho_Chi_Minh')::time AS local) AS clock
$$;

-- The reminders that these appointments should have, and when.
CREATE FUNCTION reminders_wanted(p_appointments uuid[], p_now timestamptz)
    RETURNS TABLE (appointment_id uuid, patient_id uuid, starts_at timestamptz, reminder_type text, kind text, due timestamptz)
    LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT o.id, o.patient_id, o.starts_at, channel.name, moment.kind,
        reminder_time(moment.wanted, o.starts_at, s.quiet_from, s.quiet_until, p_now)
    FROM (
        SELECT a.id, a.patient_id, a.appointment_date,
            (a.appointment_date + a.start_time) AT TIME ZONE 'Asia/Ho_Chi_Minh' AS starts_at
        FROM appointments a
        WHERE a.id = ANY (p_appointments) AND a.status IN ('scheduled', 'confirmed')
    ) o
    CROSS JOIN reminder_settings s
    CROSS JOIN LATERAL (VALUES ('email', s.email_on), ('sms', s.sms_on)) AS channel (name, is_on)
    CROSS JOIN LATERAL (VALUES
        ('day_before', (o.appointment_date - 1 + s.day_before_at) AT TIME ZONE 'Asia/Ho_Chi_Minh'),
        ('hours_before', o.starts_at - make_interval(hours => s.hours_before))
    ) AS moment (kind, wanted)
    WHERE channel.is_on AND moment.wanted IS NOT NULL
$$;

-- Brings what is planned for these appointments in line with them and with the settings. What was sent, tried, or stopped
-- by somebody for a time is not planned for the same time again.
CREATE FUNCTION plan_reminders(p_appointments uuid[], p_now timestamptz) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE appointment_reminders r
    SET status = 'cancelled', reason = ended.why, claim_id = NULL, lease_until = NULL
    FROM (
        SELECT p.id, CASE
            WHEN a.status NOT IN ('scheduled', 'confirmed') THEN 'appointment'
            WHEN p.starts_at <> (a.appointment_date + a.start_time) AT TIME ZONE 'Asia/Ho_Chi_Minh' THEN 'moved'
            WHEN p.kind <> 'now' AND p.scheduled_at > p_now AND NOT EXISTS (
                SELECT FROM reminders_wanted(ARRAY[a.id], p_now) w
                WHERE w.reminder_type = p.reminder_type AND w.kind = p.kind AND w.due = p.scheduled_at
            ) THEN 'settings'
        END AS why
        FROM appointment_reminders p JOIN appointments a ON a.id = p.appointment_id
        WHERE p.appointment_id = ANY (p_appointments) AND p.status = 'pending'
    ) ended
    WHERE r.id = ended.id AND r.status = 'pending' AND ended.why IS NOT NULL;

    INSERT INTO appointment_reminders
        (appointment_id, patient_id, reminder_type, kind, starts_at, scheduled_at, next_attempt_at)
    SELECT w.appointment_id, w.patient_id, w.reminder_type, w.kind, w.starts_at, w.due, w.due
    FROM reminders_wanted(p_appointments, p_now) w
    WHERE w.due IS NOT NULL AND w.starts_at IS DISTINCT FROM (
        SELECT last.starts_at FROM appointment_reminders last
        WHERE last.appointment_id = w.appointment_id AND last.reminder_type = w.reminder_type AND last.kind = w.kind
            AND NOT (last.status = 'cancelled' AND last.reason IN ('appointment', 'moved', 'settings'))
        ORDER BY last.id DESC LIMIT 1
    )
    ON CONFLICT DO NOTHING;
END
$$;

CREATE FUNCTION plan_reminders_of_row() RETURNS trigger
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM plan_reminders(ARRAY[NEW.id], now());
    RETURN NULL;
END
$$;
CREATE TRIGGER plan_reminders_of_new AFTER INSERT ON appointments
    FOR EACH ROW EXECUTE FUNCTION plan_reminders_of_row();
-- A confirmation changes nothing that a reminder tells.
CREATE TRIGGER plan_reminders_of_changed AFTER UPDATE ON appointments
    FOR EACH ROW WHEN (
        (OLD.appointment_date, OLD.start_time, OLD.status IN ('scheduled', 'confirmed'))
        IS DISTINCT FROM (NEW.appointment_date, NEW.start_time, NEW.status IN ('scheduled', 'confirmed'))
    ) EXECUTE FUNCTION plan_reminders_of_row();

-- Why a reminder that waits would not be sent as things stand; NULL where it would.
CREATE FUNCTION reminder_obstacle(p_reminder uuid) RETURNS text
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

-- Claims what is due on one channel, and what a sender left that died (`sending`: it may have been handed over). What
-- cannot be sent any more ends here. Returns all that a message says, and nothing else of the patient.
CREATE FUNCTION reminders_claim(p_channel text, p_claim uuid, p_limit integer, p_lease_seconds double precision)
    RETURNS TABLE (id uuid, kind varchar, status varchar, starts_at timestamptz, attempts integer, address varchar,
        language text, department varchar, hospital varchar, hospital_address text, hospital_phone varchar,
        hospital_email varchar, sms_unaccented boolean)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
    SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
    settings reminder_settings%ROWTYPE;
    quiet boolean;
    room integer;
    picked uuid[];
BEGIN
    SELECT * INTO settings FROM reminder_settings;
    quiet := reminder_quiet(now(), settings.quiet_from, settings.quiet_until);
    SELECT settings.most_a_minute - count(*) INTO room
        FROM appointment_reminders r WHERE r.handed_over_at > now() - interval '1 minute';
    picked := ARRAY(
        SELECT r.id FROM appointment_reminders r
        WHERE r.reminder_type = p_channel AND r.status IN ('pending', 'sending') AND r.next_attempt_at <= now()
            AND (NOT quiet OR r.kind IN ('now', 'test') OR r.status = 'sending' OR r.starts_at <= now())
        ORDER BY r.next_attempt_at
        LIMIT greatest(0, least(p_limit, room))
        FOR UPDATE SKIP LOCKED);
    UPDATE appointment_reminders r
    SET status = CASE ended.why WHEN 'expired' THEN 'expired' ELSE 'cancelled' END,
        reason = CASE ended.why WHEN 'expired' THEN r.reason ELSE ended.why END, claim_id = NULL, lease_until = NULL
    FROM (SELECT p.id, reminder_obstacle(p.id) AS why FROM unnest(picked) AS p (id)) ended
    WHERE r.id = ended.id AND r.status = 'pending' AND ended.why IS NOT NULL;
    RETURN QUERY
        WITH claimed AS (
            UPDATE appointment_reminders r
            SET claim_id = p_claim, lease_until = now() + make_interval(secs => p_lease_seconds),
                next_attempt_at = now() + make_interval(secs => p_lease_seconds)
            WHERE r.id = ANY (picked) AND r.status IN ('pending', 'sending')
            RETURNING r.*
        )
        SELECT c.id, c.kind, c.status, c.starts_at, c.attempts,
            CASE WHEN c.kind = 'test' THEN c.test_address WHEN p_channel = 'email' THEN p.email ELSE p.phone END,
            coalesce(wish.preference_value, 'vi'), d.name, coalesce(h.display_name, h.name), h.address, h.phone, h.email,
            settings.sms_unaccented
        FROM claimed c
        CROSS JOIN hospital_info h
        LEFT JOIN appointments a ON a.id = c.appointment_id
        LEFT JOIN departments d ON d.id = a.department_id
        LEFT JOIN patients p ON p.id = c.patient_id
        LEFT JOIN patient_portal_preferences wish
            ON wish.patient_id = c.patient_id AND wish.preference_key = 'reminders.language';
END
$$;

-- The last word before a message is handed over, noted before it: `go`, or why not. Whoever lost the claim, to another
-- sender or to a cancellation, hears `gone`.
CREATE FUNCTION reminders_hand_over(p_claim uuid, p_reminder uuid, p_lease_seconds double precision) RETURNS text
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    held appointment_reminders%ROWTYPE;
    why text;
BEGIN
    SELECT * INTO held FROM appointment_reminders r
        WHERE r.id = p_reminder AND r.claim_id = p_claim AND r.status = 'pending' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'gone';
    END IF;
    why := reminder_obstacle(p_reminder);
    IF why IS NULL AND held.patient_id IS NOT NULL THEN
        -- Two channels at once count one after the other.
        PERFORM pg_advisory_xact_lock(hashtextextended('reminders:' || held.patient_id, 0));
        IF (SELECT count(*) FROM appointment_reminders r
            WHERE r.patient_id = held.patient_id AND r.handed_over_at >= date_trunc('day', now(), 'Asia/Ho_Chi_Minh'))
            >= (SELECT s.most_a_day FROM reminder_settings s)
        THEN
            why := 'daily_limit';
        END IF;
    END IF;
    IF why IS NOT NULL THEN
        UPDATE appointment_reminders r
        SET status = CASE why WHEN 'expired' THEN 'expired' ELSE 'cancelled' END, reason = why, claim_id = NULL,
            lease_until = NULL
        WHERE r.id = p_reminder;
        RETURN why;
    END IF;
    UPDATE appointment_reminders r
    SET status = 'sending', handed_over_at = now(), lease_until = now() + make_interval(secs => p_lease_seconds),
        next_attempt_at = now() + make_interval(secs => p_lease_seconds)
    WHERE r.id = p_reminder;
    RETURN 'go';
END
$$;

-- What became of it: `sent`; `uncertain`: handed over, and nobody can tell whether it was taken; `failed` for good;
-- `retry` after its own failure and `away` after the server's, both some seconds later. False where the claim was lost.
CREATE FUNCTION reminders_settle(p_claim uuid, p_reminder uuid, p_outcome text, p_reason text, p_after_seconds double precision)
    RETURNS boolean
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    told uuid;
BEGIN
    IF p_outcome NOT IN ('sent', 'uncertain', 'failed', 'retry', 'away') THEN
        RAISE EXCEPTION 'no such outcome';
    END IF;
    UPDATE appointment_reminders r
    SET status = CASE WHEN p_outcome IN ('retry', 'away') THEN 'pending' ELSE p_outcome END,
        reason = left(p_reason, 40), attempts = r.attempts + (p_outcome <> 'away')::integer,
        sent_at = CASE WHEN p_outcome = 'sent' THEN now() END,
        handed_over_at = CASE WHEN p_outcome IN ('sent', 'uncertain') THEN r.handed_over_at END,
        next_attempt_at = now() + make_interval(secs => coalesce(p_after_seconds, 0)), claim_id = NULL, lease_until = NULL
    WHERE r.id = p_reminder AND r.claim_id = p_claim
        AND r.status IN ('sending', CASE WHEN p_outcome IN ('sent', 'uncertain') THEN 'sending' ELSE 'pending' END)
    RETURNING r.patient_id INTO told;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF told IS NOT NULL AND p_outcome IN ('sent', 'uncertain') THEN
        INSERT INTO audit_logs (actor_kind, portal, action, resource_type, resource_id, patient_id)
        VALUES ('worker', 'admin', 'reminder.send', 'appointment_reminder', p_reminder::text, told);
    END IF;
    RETURN true;
END
$$;

-- What should have gone and has not, by channel.
CREATE FUNCTION reminders_overdue() RETURNS TABLE (channel varchar, overdue bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT r.reminder_type, count(*) FROM appointment_reminders r
    WHERE r.status IN ('pending', 'sending') AND r.scheduled_at <= now() - interval '5 minutes'
    GROUP BY r.reminder_type
$$;

-- Nobody came: `no_show_after` minutes after its end an appointment of today or yesterday that waits is noted as such.
-- Who has a number in the queue has come. One that somebody took back is left alone: it keeps its `no_show_at`. The rows
-- are locked before the queue is looked at again, because giving a number for an appointment locks it too.
CREATE FUNCTION mark_no_shows(p_limit integer) RETURNS integer
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

-- As tenant_app.staff.permissions gives it to new hospitals; a role that has it already stays as it is.
UPDATE roles SET permissions = permissions || '["reminder.send"]'::jsonb
WHERE name IN ('nurse', 'receptionist', 'admin') AND NOT permissions ? 'reminder.send';

-- Staff see and stop what is planned, and ask for what goes now; what was sent stays as it is written. Patients see and
-- change their own wishes. The jobs have functions.
CREATE FUNCTION grant_reminders(app name, portal name, sync name, seal name) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
    EXECUTE format($sql$
        REVOKE ALL ON reminder_settings, patient_portal_preferences, appointment_reminders FROM %1$I, %2$I, %3$I, %4$I;
        GRANT SELECT, UPDATE ON reminder_settings TO %1$I;
        GRANT SELECT, INSERT, UPDATE (status, reason) ON appointment_reminders TO %1$I;
        GRANT SELECT, INSERT, UPDATE (preference_value, updated_at) ON patient_portal_preferences TO %1$I, %2$I;
        GRANT SELECT (email_on, sms_on, needs_consent) ON reminder_settings TO %2$I;
        GRANT EXECUTE ON FUNCTION plan_reminders(uuid[], timestamptz), reminder_obstacle(uuid) TO %1$I;
        GRANT EXECUTE ON FUNCTION
            reminders_claim(text, uuid, integer, double precision),
            reminders_hand_over(uuid, uuid, double precision),
            reminders_settle(uuid, uuid, text, text, double precision), reminders_overdue(), mark_no_shows(integer)
        TO %4$I;
        DROP POLICY IF EXISTS staff ON patient_portal_preferences;
        CREATE POLICY staff ON patient_portal_preferences TO %1$I USING (true) WITH CHECK (true);
        DROP POLICY IF EXISTS own ON patient_portal_preferences;
        CREATE POLICY own ON patient_portal_preferences TO %2$I
            USING (patient_id = portal_patient()) WITH CHECK (patient_id = portal_patient());
    $sql$, app, portal, sync, seal);
END
$grants$;
REVOKE ALL ON FUNCTION grant_reminders(name, name, name, name) FROM PUBLIC;
