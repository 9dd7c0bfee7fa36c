-- The waiting queue: numbers, their steps, and the counter that gives them without gaps.
CREATE TABLE queue_counters (
    department_id uuid NOT NULL,
    queue_day date NOT NULL,
    last_number integer NOT NULL,
    CONSTRAINT pk_queue_counters PRIMARY KEY (department_id, queue_day),
    CONSTRAINT ck_queue_counters_last_number CHECK (last_number > 0),
    CONSTRAINT fk_queue_counters_department_id FOREIGN KEY (department_id) REFERENCES departments (id) ON DELETE RESTRICT
);

CREATE TABLE queue_entries (
    id uuid DEFAULT uuidv7() NOT NULL,
    department_id uuid NOT NULL,
    queue_day date NOT NULL,
    number integer NOT NULL,
    patient_id uuid NOT NULL,
    appointment_id uuid,
    came_from_id uuid,
    priority varchar(20) NOT NULL,
    status varchar(20) DEFAULT 'waiting' NOT NULL,
    doctor_id uuid,
    room varchar(20),
    taken_at timestamptz NOT NULL,
    waits_since timestamptz NOT NULL,
    first_called_at timestamptz,
    called_at timestamptz,
    called_lane varchar(20),
    started_at timestamptz,
    ended_at timestamptz,
    calls integer DEFAULT 0 NOT NULL,
    missed integer DEFAULT 0 NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    created_by uuid,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_queue_entries PRIMARY KEY (id),
    CONSTRAINT uq_queue_entries_number UNIQUE (department_id, queue_day, number),
    CONSTRAINT ck_queue_entries_number CHECK (number > 0),
    CONSTRAINT ck_queue_entries_priority CHECK (priority IN ('emergency', 'child', 'elder', 'pregnant', 'disabled', 'merit', 'none')),
    CONSTRAINT ck_queue_entries_status CHECK (status IN ('waiting', 'called', 'in_room', 'done', 'left', 'no_show', 'transferred')),
    CONSTRAINT ck_queue_entries_called_lane CHECK (called_lane IS NULL OR called_lane IN ('emergency', 'priority', 'ordinary')),
    CONSTRAINT ck_queue_entries_counts CHECK (calls >= 0 AND missed BETWEEN 0 AND 2),
    CONSTRAINT ck_queue_entries_ended CHECK ((status IN ('waiting', 'called', 'in_room')) = (ended_at IS NULL)),
    CONSTRAINT ck_queue_entries_called CHECK (status NOT IN ('called', 'in_room', 'done', 'no_show') OR (called_at IS NOT NULL AND calls > 0)),
    CONSTRAINT fk_queue_entries_department_id FOREIGN KEY (department_id) REFERENCES departments (id) ON DELETE RESTRICT,
    CONSTRAINT fk_queue_entries_patient_id FOREIGN KEY (patient_id) REFERENCES patients (id) ON DELETE RESTRICT,
    CONSTRAINT fk_queue_entries_appointment_id FOREIGN KEY (appointment_id) REFERENCES appointments (id) ON DELETE RESTRICT,
    CONSTRAINT fk_queue_entries_came_from_id FOREIGN KEY (came_from_id) REFERENCES queue_entries (id) ON DELETE RESTRICT,
    CONSTRAINT fk_queue_entries_doctor_id FOREIGN KEY (doctor_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_queue_entries_created_by FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE UNIQUE INDEX uq_queue_entries_live ON queue_entries (patient_id, department_id) WHERE status IN ('waiting', 'called', 'in_room');
CREATE INDEX ix_queue_entries_live ON queue_entries (department_id, taken_at) WHERE status IN ('waiting', 'called', 'in_room');
CREATE INDEX ix_queue_entries_day ON queue_entries (queue_day, department_id, called_at);
CREATE INDEX ix_queue_entries_appointment ON queue_entries (appointment_id);

CREATE TABLE queue_steps (
    id uuid DEFAULT uuidv7() NOT NULL,
    entry_id uuid NOT NULL,
    action varchar(20) NOT NULL,
    done_at timestamptz NOT NULL,
    done_by uuid,
    before jsonb,
    moved_appointment boolean DEFAULT false NOT NULL,
    undone_at timestamptz,
    CONSTRAINT pk_queue_steps PRIMARY KEY (id),
    CONSTRAINT fk_queue_steps_entry_id FOREIGN KEY (entry_id) REFERENCES queue_entries (id) ON DELETE RESTRICT,
    CONSTRAINT fk_queue_steps_done_by FOREIGN KEY (done_by) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_queue_steps_entry ON queue_steps (entry_id, done_at);

-- Whom these rights are for stands in tenant_app.staff.permissions; a hospital that changed its roles may take them away.
UPDATE roles SET permissions = permissions || '["queue.read"]'
WHERE name IN ('doctor', 'nurse', 'receptionist', 'cashier', 'lab_technician', 'admin') AND NOT permissions ? 'queue.read';
UPDATE roles SET permissions = permissions || '["queue.take"]'
WHERE name IN ('doctor', 'nurse', 'receptionist', 'admin') AND NOT permissions ? 'queue.take';
UPDATE roles SET permissions = permissions || '["queue.call"]'
WHERE name IN ('doctor', 'nurse', 'admin') AND NOT permissions ? 'queue.call';

CREATE FUNCTION grant_queue(app name, portal name, sync name, seal name) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
EXECUTE format($sql$
REVOKE ALL ON queue_counters, queue_entries, queue_steps FROM %1$I, %2$I, %3$I, %4$I;
GRANT SELECT, INSERT, UPDATE (last_number) ON queue_counters TO %1$I;
GRANT SELECT, INSERT, UPDATE ON queue_entries TO %1$I;
-- What was done stays written; only that it was undone is added.
GRANT SELECT, INSERT, UPDATE (undone_at) ON queue_steps TO %1$I;
$sql$, app, portal, sync, seal);
END
$grants$;
REVOKE ALL ON FUNCTION grant_queue(name, name, name, name) FROM PUBLIC;
