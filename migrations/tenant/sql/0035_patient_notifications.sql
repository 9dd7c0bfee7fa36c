-- Notices for patients (specification 3, `patient_notifications`): what the hospital did that a patient should know soon.
-- Triggers write them, as those of staff (0033), in the transaction of what they are about. A notice holds no words: what
-- it says is read from the thing itself, under the row security of the patient's own account, in the reader's language.
CREATE TABLE patient_notifications (
    id uuid DEFAULT uuidv7() NOT NULL,
    patient_id uuid NOT NULL,
    kind varchar(40) NOT NULL,
    thing_id uuid NOT NULL,
    made_at timestamptz DEFAULT now() NOT NULL,
    read_at timestamptz,
    CONSTRAINT pk_patient_notifications PRIMARY KEY (id),
    CONSTRAINT ck_patient_notifications_kind CHECK (kind IN ('appointment.booked', 'appointment.confirmed', 'appointment.moved', 'appointment.cancelled', 'reminder.sent', 'queue.called', 'guardian.named')),
    CONSTRAINT fk_patient_notifications_patient_id FOREIGN KEY (patient_id) REFERENCES patients (id) ON DELETE RESTRICT
);
-- One unread notice of a thing. The bell counts by it.
CREATE UNIQUE INDEX uq_patient_notifications_unread ON patient_notifications (patient_id, thing_id) WHERE read_at IS NULL;
CREATE INDEX ix_patient_notifications_patient_id_made_at ON patient_notifications (patient_id, made_at, id);
CREATE INDEX ix_patient_notifications_made_at ON patient_notifications (made_at);
ALTER TABLE patient_notifications ENABLE ROW LEVEL SECURITY;

-- Tells a patient who has an account; for others nobody would ever read it. What is unread of the same thing gives way to
-- the latest, but news of another time is not hidden by a confirmation or by a reminder, which say less.
CREATE FUNCTION give_patient_notice(p_kind text, p_thing uuid, p_patient uuid) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO patient_notifications AS known (patient_id, kind, thing_id)
    SELECT u.patient_id, p_kind, p_thing FROM patient_users u WHERE u.patient_id = p_patient AND u.status = 'active'
    ON CONFLICT (patient_id, thing_id) WHERE read_at IS NULL
        DO UPDATE SET kind = EXCLUDED.kind, made_at = EXCLUDED.made_at
        WHERE CASE EXCLUDED.kind
            WHEN 'reminder.sent' THEN known.kind = 'reminder.sent'
            WHEN 'appointment.confirmed' THEN known.kind <> 'appointment.moved'
            ELSE true
        END
$$;

-- Appointments that are still ahead, unless the patient did it.
CREATE FUNCTION patient_notice_of_appointment() RETURNS trigger
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    today date := (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date;
BEGIN
    IF NEW.appointment_date < today THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        PERFORM give_patient_notice('appointment.booked', NEW.id, NEW.patient_id);
    ELSIF NEW.status = 'cancelled' THEN
        IF OLD.status <> 'cancelled' AND NEW.cancelled_by_kind = 'staff' THEN
            PERFORM give_patient_notice('appointment.cancelled', NEW.id, NEW.patient_id);
        END IF;
    ELSIF (NEW.doctor_id, NEW.appointment_date, NEW.start_time) <> (OLD.doctor_id, OLD.appointment_date, OLD.start_time) THEN
        PERFORM give_patient_notice('appointment.moved', NEW.id, NEW.patient_id);
    ELSIF OLD.status = 'scheduled' AND NEW.status = 'confirmed' THEN
        PERFORM give_patient_notice('appointment.confirmed', NEW.id, NEW.patient_id);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER patient_notice_of_new AFTER INSERT ON appointments
    FOR EACH ROW WHEN (NEW.source = 'hospital_staff') EXECUTE FUNCTION patient_notice_of_appointment();
CREATE TRIGGER patient_notice_of_changed AFTER UPDATE ON appointments
    FOR EACH ROW WHEN (
        (OLD.doctor_id, OLD.appointment_date, OLD.start_time, OLD.status)
        IS DISTINCT FROM (NEW.doctor_id, NEW.appointment_date, NEW.start_time, NEW.status)
    ) EXECUTE FUNCTION patient_notice_of_appointment();

-- The number was called, again each time that it is.
CREATE FUNCTION patient_notice_of_call() RETURNS trigger
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM give_patient_notice('queue.called', q.id, q.patient_id) FROM queue_entries q WHERE q.id = NEW.entry_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER patient_notice_of_call AFTER INSERT ON queue_steps
    FOR EACH ROW WHEN (NEW.action IN ('call', 'recall')) EXECUTE FUNCTION patient_notice_of_call();

CREATE FUNCTION patient_notice_of_reminder() RETURNS trigger
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM give_patient_notice('reminder.sent', NEW.appointment_id, NEW.patient_id);
    RETURN NULL;
END
$$;
CREATE TRIGGER patient_notice_of_sent AFTER UPDATE ON appointment_reminders
    FOR EACH ROW WHEN (
        NEW.status = 'sent' AND OLD.status <> 'sent' AND NEW.appointment_id IS NOT NULL AND NEW.patient_id IS NOT NULL
    ) EXECUTE FUNCTION patient_notice_of_reminder();

-- Somebody may speak for the patient from now on. A row that takes the place of the same person's is no news.
CREATE FUNCTION patient_notice_of_guardian() RETURNS trigger
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM patient_contacts c
        WHERE c.patient_id = NEW.patient_id AND c.full_name = NEW.full_name AND c.is_guardian AND c.id <> NEW.id
            AND (c.ended_at IS NULL OR c.ended_at > now() - interval '1 minute')
    ) THEN
        PERFORM give_patient_notice('guardian.named', NEW.id, NEW.patient_id);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER patient_notice_of_guardian AFTER INSERT ON patient_contacts
    FOR EACH ROW WHEN (NEW.is_guardian) EXECUTE FUNCTION patient_notice_of_guardian();

-- As before, and patients' notices by the same spans.
CREATE OR REPLACE FUNCTION prune_notices(batch_size integer) RETURNS TABLE (kind text, removed bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF batch_size IS NULL OR batch_size NOT BETWEEN 1 AND 100000 THEN
        RAISE EXCEPTION 'batch_size must be between 1 and 100000';
    END IF;
    kind := 'notices';
    DELETE FROM public.notices WHERE ctid = ANY (ARRAY(
        SELECT n.ctid FROM public.notices n
        WHERE n.made_at < now() - interval '30 days' AND (n.read_at IS NOT NULL OR n.made_at < now() - interval '90 days')
        LIMIT batch_size));
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
    kind := 'patient_notifications';
    DELETE FROM public.patient_notifications WHERE ctid = ANY (ARRAY(
        SELECT n.ctid FROM public.patient_notifications n
        WHERE n.made_at < now() - interval '30 days' AND (n.read_at IS NOT NULL OR n.made_at < now() - interval '90 days')
        LIMIT batch_size));
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
END
$$;

REVOKE ALL ON FUNCTION give_patient_notice(text, uuid, uuid), patient_notice_of_appointment(), patient_notice_of_call(),
    patient_notice_of_reminder(), patient_notice_of_guardian() FROM PUBLIC;

-- Patients read their own and note that they have; staff see none: what they did is in the log.
CREATE FUNCTION grant_patient_notifications(app name, portal name, sync name, seal name) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
    EXECUTE format($sql$
        REVOKE ALL ON patient_notifications FROM %1$I, %2$I, %3$I, %4$I;
        GRANT SELECT, UPDATE (read_at) ON patient_notifications TO %2$I;
        DROP POLICY IF EXISTS own ON patient_notifications;
        CREATE POLICY own ON patient_notifications TO %2$I
            USING (patient_id = portal_patient()) WITH CHECK (patient_id = portal_patient());
    $sql$, app, portal, sync, seal);
END
$grants$;
REVOKE ALL ON FUNCTION grant_patient_notifications(name, name, name, name) FROM PUBLIC;
