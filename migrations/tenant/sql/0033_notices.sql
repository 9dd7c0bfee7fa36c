-- Notices: what a member of staff should know soon, because somebody else did it. Triggers write them, in the transaction
-- of what they are about, whoever does it and under whatever role. A notice holds no data of a patient: what it says is
-- read from the thing itself, under the rights that its reader has by then.

-- Which kinds a member wants (specification 7.2); where there is no row, all. Before, a row said what an open window
-- followed, which nobody read; rows lived as long as the window. A live process of the version before writes none of its
-- rows until it is started anew, and tells its browsers to ask by themselves meanwhile.
DROP TABLE event_subscriptions;
CREATE TABLE event_subscriptions (
    id uuid DEFAULT uuidv7() NOT NULL,
    user_id uuid NOT NULL,
    event_type varchar(100) NOT NULL,
    is_active boolean NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_event_subscriptions PRIMARY KEY (id),
    CONSTRAINT uq_event_subscriptions_user_id_event_type UNIQUE (user_id, event_type),
    CONSTRAINT ck_event_subscriptions_event_type CHECK (event_type IN ('appointment.booked', 'appointment.moved', 'appointment.cancelled', 'patient.arrived', 'patient.called', 'import.finished', 'reminder.failed', 'access.unusual')),
    CONSTRAINT fk_event_subscriptions_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE TABLE notices (
    id uuid DEFAULT uuidv7() NOT NULL,
    user_id uuid NOT NULL,
    kind varchar(40) NOT NULL,
    thing_id uuid,
    made_at timestamptz DEFAULT now() NOT NULL,
    read_at timestamptz,
    CONSTRAINT pk_notices PRIMARY KEY (id),
    CONSTRAINT ck_notices_kind CHECK (kind IN ('appointment.booked', 'appointment.moved', 'appointment.cancelled', 'patient.arrived', 'patient.called', 'import.finished', 'reminder.failed', 'access.unusual')),
    CONSTRAINT ck_notices_thing CHECK ((kind = 'reminder.failed') = (thing_id IS NULL)),
    CONSTRAINT fk_notices_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);
-- One unread notice of a thing, the latest: what became of an appointment in the meantime is no news twice. The bell
-- counts by it.
CREATE UNIQUE INDEX uq_notices_unread ON notices (user_id, thing_id) NULLS NOT DISTINCT WHERE read_at IS NULL;
CREATE INDEX ix_notices_user_id_made_at ON notices (user_id, made_at, id);
CREATE INDEX ix_notices_made_at ON notices (made_at);

-- What one must be permitted to be told of a kind, and to read it later; tenant_app.notices.rules has the same.
CREATE FUNCTION notice_permission(p_kind text) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT CASE p_kind
        WHEN 'appointment.booked' THEN 'appointment.read'
        WHEN 'appointment.moved' THEN 'appointment.read'
        WHEN 'appointment.cancelled' THEN 'appointment.read'
        WHEN 'patient.arrived' THEN 'queue.read'
        WHEN 'patient.called' THEN 'queue.read'
        WHEN 'import.finished' THEN 'patient.import'
        WHEN 'reminder.failed' THEN 'reminder.send'
        WHEN 'access.unusual' THEN 'audit.decide'
    END
$$;

-- Tells `p_to`, or without it all who are permitted; never `p_by`, and nobody who does not want the kind. In one order, so
-- that no two wait for each other.
CREATE FUNCTION give_notice(p_kind text, p_thing uuid, p_by uuid, p_to uuid) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO notices (user_id, kind, thing_id)
    SELECT u.id, p_kind, p_thing
    FROM users u
    LEFT JOIN event_subscriptions s ON s.user_id = u.id AND s.event_type = p_kind
    WHERE (p_to IS NULL OR u.id = p_to) AND u.id IS DISTINCT FROM p_by AND u.status = 'active'
        AND coalesce(s.is_active, true)
        AND EXISTS (
            SELECT FROM user_roles held JOIN roles r ON r.id = held.role_id
            WHERE held.user_id = u.id AND r.permissions ? notice_permission(p_kind))
    ORDER BY u.id
    ON CONFLICT (user_id, thing_id) WHERE read_at IS NULL
        DO UPDATE SET kind = EXCLUDED.kind, made_at = EXCLUDED.made_at
$$;

-- Appointments that are still ahead, to their doctor.
CREATE FUNCTION notice_of_appointment() RETURNS trigger
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    today date := (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date;
BEGIN
    IF NEW.appointment_date < today THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        PERFORM give_notice('appointment.booked', NEW.id, NEW.created_by, NEW.doctor_id);
    ELSIF NEW.status = 'cancelled' THEN
        IF OLD.status <> 'cancelled' THEN
            PERFORM give_notice('appointment.cancelled', NEW.id, NEW.cancelled_by, NEW.doctor_id);
        END IF;
    ELSIF NEW.doctor_id <> OLD.doctor_id THEN
        PERFORM give_notice('appointment.moved', NEW.id, NEW.updated_by, OLD.doctor_id);
        PERFORM give_notice('appointment.booked', NEW.id, NEW.updated_by, NEW.doctor_id);
    ELSIF (NEW.appointment_date, NEW.start_time, NEW.end_time) <> (OLD.appointment_date, OLD.start_time, OLD.end_time) THEN
        PERFORM give_notice('appointment.moved', NEW.id, NEW.updated_by, NEW.doctor_id);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER notice_of_new AFTER INSERT ON appointments
    FOR EACH ROW WHEN (NEW.doctor_id IS DISTINCT FROM NEW.created_by) EXECUTE FUNCTION notice_of_appointment();
CREATE TRIGGER notice_of_changed AFTER UPDATE ON appointments
    FOR EACH ROW WHEN (
        (OLD.doctor_id, OLD.appointment_date, OLD.start_time, OLD.end_time, OLD.status = 'cancelled')
        IS DISTINCT FROM (NEW.doctor_id, NEW.appointment_date, NEW.start_time, NEW.end_time, NEW.status = 'cancelled')
    ) EXECUTE FUNCTION notice_of_appointment();

-- A number was given to somebody who has an appointment: its doctor hears that the patient is here. Somebody was called to
-- a doctor by another: the doctor hears of it.
CREATE FUNCTION notice_of_queue_step() RETURNS trigger
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    doctor uuid;
BEGIN
    IF NEW.action = 'take' THEN
        SELECT a.doctor_id INTO doctor
            FROM queue_entries q JOIN appointments a ON a.id = q.appointment_id WHERE q.id = NEW.entry_id;
    ELSE
        SELECT q.doctor_id INTO doctor FROM queue_entries q WHERE q.id = NEW.entry_id;
    END IF;
    IF doctor IS NOT NULL THEN
        PERFORM give_notice(
            CASE NEW.action WHEN 'take' THEN 'patient.arrived' ELSE 'patient.called' END, NEW.entry_id, NEW.done_by, doctor);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER notice_of_step AFTER INSERT ON queue_steps
    FOR EACH ROW WHEN (NEW.action IN ('take', 'call')) EXECUTE FUNCTION notice_of_queue_step();

-- The long work on an import is over, well or not: whoever began it hears of it.
CREATE FUNCTION notice_of_import() RETURNS trigger
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM give_notice('import.finished', NEW.id, NULL, coalesce(NEW.committed_by, NEW.created_by));
    RETURN NULL;
END
$$;
CREATE TRIGGER notice_of_end AFTER UPDATE ON patient_imports
    FOR EACH ROW WHEN (
        OLD.state IN ('checking', 'committing') AND NEW.state IN ('checked', 'done', 'failed')
        AND coalesce(NEW.committed_by, NEW.created_by) IS NOT NULL
    ) EXECUTE FUNCTION notice_of_import();

-- One notice however many failed: the page behind it lists them. Who tests the settings looks at what becomes of it.
CREATE FUNCTION notice_of_reminder() RETURNS trigger
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM give_notice('reminder.failed', NULL, NULL, NULL);
    RETURN NULL;
END
$$;
CREATE TRIGGER notice_of_failure AFTER UPDATE ON appointment_reminders
    FOR EACH ROW WHEN (NEW.status = 'failed' AND OLD.status <> 'failed' AND NEW.kind <> 'test')
    EXECUTE FUNCTION notice_of_reminder();

-- Not to the person whom it is about.
CREATE FUNCTION notice_of_finding() RETURNS trigger
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM give_notice('access.unusual', NEW.id, NEW.user_id, NULL);
    RETURN NULL;
END
$$;
CREATE TRIGGER notice_of_found AFTER INSERT ON access_findings
    FOR EACH ROW WHEN (NEW.state = 'open') EXECUTE FUNCTION notice_of_finding();
CREATE TRIGGER notice_of_found_again AFTER UPDATE ON access_findings
    FOR EACH ROW WHEN (NEW.state = 'open' AND OLD.state <> 'open' AND NEW.patients <> OLD.patients)
    EXECUTE FUNCTION notice_of_finding();

-- Read notices go after a month, others after three; what they were about stays where it is.
CREATE FUNCTION prune_notices(batch_size integer) RETURNS TABLE (kind text, removed bigint)
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
END
$$;

REVOKE ALL ON FUNCTION notice_permission(text), give_notice(text, uuid, uuid, uuid), notice_of_appointment(),
    notice_of_queue_step(), notice_of_import(), notice_of_reminder(), notice_of_finding(), prune_notices(integer) FROM PUBLIC;

CREATE OR REPLACE FUNCTION grant_live(app name, portal name, sync name, seal name) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
EXECUTE format($sql$
REVOKE ALL ON websocket_connections FROM %1$I, %2$I, %3$I, %4$I;
GRANT SELECT, INSERT, DELETE, UPDATE (seen_at) ON websocket_connections TO %1$I;
$sql$, app, portal, sync, seal);
END
$grants$;

-- Staff read notices and note that they have; nobody writes one but what it is about.
CREATE FUNCTION grant_notices(app name, portal name, sync name, seal name) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
    EXECUTE format($sql$
        REVOKE ALL ON notices, event_subscriptions FROM %1$I, %2$I, %3$I, %4$I;
        GRANT SELECT, UPDATE (read_at) ON notices TO %1$I;
        GRANT SELECT, INSERT, UPDATE (is_active, updated_at) ON event_subscriptions TO %1$I;
        GRANT EXECUTE ON FUNCTION prune_notices(integer) TO %4$I;
    $sql$, app, portal, sync, seal);
END
$grants$;
REVOKE ALL ON FUNCTION grant_notices(name, name, name, name) FROM PUBLIC;
