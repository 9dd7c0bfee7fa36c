-- Doctors' weekly schedules, the days that are otherwise, and appointments that are moved or booked outside of it all.

CREATE TABLE doctor_schedules (
    id uuid DEFAULT uuidv7() NOT NULL,
    doctor_id uuid NOT NULL,
    department_id uuid NOT NULL,
    weekday smallint NOT NULL,
    start_time time NOT NULL,
    end_time time NOT NULL,
    slot_minutes smallint NOT NULL,
    valid_from date NOT NULL,
    valid_until date,
    version bigint DEFAULT 1 NOT NULL,
    created_by uuid,
    updated_by uuid,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_doctor_schedules PRIMARY KEY (id),
    CONSTRAINT ck_doctor_schedules_weekday CHECK (weekday BETWEEN 0 AND 6),
    CONSTRAINT ck_doctor_schedules_times CHECK (start_time < end_time),
    CONSTRAINT ck_doctor_schedules_slot_minutes CHECK (slot_minutes BETWEEN 5 AND 240),
    CONSTRAINT ck_doctor_schedules_valid CHECK (valid_until IS NULL OR valid_from <= valid_until),
    -- Minutes of the week as a range: a doctor is in one place at a time, whatever the periods.
    CONSTRAINT ex_doctor_schedules_overlap EXCLUDE USING gist (
        uuidrange(doctor_id, doctor_id, '[]') WITH &&,
        daterange(valid_from, valid_until, '[]') WITH &&,
        int4range(
            weekday * 1440 + (extract(epoch FROM start_time) / 60)::integer,
            weekday * 1440 + (extract(epoch FROM end_time) / 60)::integer
        ) WITH &&
    ),
    CONSTRAINT fk_doctor_schedules_doctor_id FOREIGN KEY (doctor_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_doctor_schedules_department_id FOREIGN KEY (department_id) REFERENCES departments (id) ON DELETE RESTRICT,
    CONSTRAINT fk_doctor_schedules_created_by FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_doctor_schedules_updated_by FOREIGN KEY (updated_by) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_doctor_schedules_doctor ON doctor_schedules (doctor_id, weekday, start_time);

CREATE TABLE schedule_exceptions (
    id uuid DEFAULT uuidv7() NOT NULL,
    doctor_id uuid NOT NULL,
    kind varchar(10) NOT NULL,
    reason varchar(20),
    note varchar(200),
    first_day date NOT NULL,
    last_day date NOT NULL,
    start_time time,
    end_time time,
    department_id uuid,
    slot_minutes smallint,
    created_by uuid,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_schedule_exceptions PRIMARY KEY (id),
    CONSTRAINT ck_schedule_exceptions_days CHECK (first_day <= last_day AND last_day - first_day <= 366),
    CONSTRAINT ck_schedule_exceptions_times CHECK (
        (start_time IS NULL) = (end_time IS NULL) AND (start_time IS NULL OR start_time < end_time)
    ),
    CONSTRAINT ck_schedule_exceptions_kind CHECK (
        kind = 'away' AND reason IN ('leave', 'conference', 'sick', 'other') AND reason IS NOT NULL
            AND department_id IS NULL AND slot_minutes IS NULL
        OR kind = 'extra' AND reason IS NULL AND start_time IS NOT NULL AND department_id IS NOT NULL
            AND slot_minutes BETWEEN 5 AND 240 AND slot_minutes IS NOT NULL
    ),
    CONSTRAINT fk_schedule_exceptions_doctor_id FOREIGN KEY (doctor_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_schedule_exceptions_department_id FOREIGN KEY (department_id) REFERENCES departments (id) ON DELETE RESTRICT,
    CONSTRAINT fk_schedule_exceptions_created_by FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_schedule_exceptions_doctor ON schedule_exceptions (doctor_id, last_day);
CREATE INDEX ix_schedule_exceptions_last_day ON schedule_exceptions (last_day);

-- Why somebody was booked outside the doctor's own hours.
ALTER TABLE appointments ADD COLUMN outside_reason text;

CREATE TABLE appointment_moves (
    id uuid DEFAULT uuidv7() NOT NULL,
    appointment_id uuid NOT NULL,
    moved_at timestamptz NOT NULL,
    moved_by uuid,
    reason text,
    from_doctor_id uuid NOT NULL,
    from_department_id uuid NOT NULL,
    from_date date NOT NULL,
    from_start time NOT NULL,
    from_end time NOT NULL,
    from_outside_reason text,
    to_doctor_id uuid NOT NULL,
    to_department_id uuid NOT NULL,
    to_date date NOT NULL,
    to_start time NOT NULL,
    to_end time NOT NULL,
    made_version bigint NOT NULL,
    CONSTRAINT pk_appointment_moves PRIMARY KEY (id),
    CONSTRAINT ck_appointment_moves_times CHECK (from_start < from_end AND to_start < to_end),
    CONSTRAINT fk_appointment_moves_appointment_id FOREIGN KEY (appointment_id) REFERENCES appointments (id) ON DELETE RESTRICT,
    CONSTRAINT fk_appointment_moves_moved_by FOREIGN KEY (moved_by) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_appointment_moves_from_doctor_id FOREIGN KEY (from_doctor_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_appointment_moves_from_department_id FOREIGN KEY (from_department_id) REFERENCES departments (id) ON DELETE RESTRICT,
    CONSTRAINT fk_appointment_moves_to_doctor_id FOREIGN KEY (to_doctor_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_appointment_moves_to_department_id FOREIGN KEY (to_department_id) REFERENCES departments (id) ON DELETE RESTRICT
);
CREATE INDEX ix_appointment_moves_appointment ON appointment_moves (appointment_id, moved_at);

-- The status of somebody who is being booked, held until the booking is committed, so that nobody makes them inactive
-- meanwhile. The portal's role may not lock a patient's row by itself, and asks for its own patient only.
CREATE FUNCTION booking_patient_status(wanted uuid) RETURNS varchar
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT p.status FROM patients p
    WHERE p.id = wanted AND (portal_patient() IS NULL OR p.id = portal_patient())
    FOR SHARE
$$;
REVOKE ALL ON FUNCTION booking_patient_status(uuid) FROM PUBLIC;

-- As tenant_app.staff.permissions gives them to new hospitals.
UPDATE roles SET permissions = permissions || '["schedule.manage"]'::jsonb
WHERE name = 'admin' AND NOT permissions ? 'schedule.manage';
UPDATE roles SET permissions = permissions || '["schedule.own"]'::jsonb
WHERE name IN ('doctor', 'admin') AND NOT permissions ? 'schedule.own';

-- Patients see when a doctor works; neither why not nor who wrote it down.
CREATE FUNCTION grant_schedules(app name, portal name, sync name, seal name) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
    EXECUTE format($sql$
        REVOKE ALL ON doctor_schedules, schedule_exceptions, appointment_moves FROM %1$I, %2$I, %3$I, %4$I;
        REVOKE ALL ON FUNCTION booking_patient_status(uuid) FROM %1$I, %2$I, %3$I, %4$I;
        GRANT SELECT, INSERT, UPDATE, DELETE ON doctor_schedules TO %1$I;
        GRANT SELECT, INSERT, DELETE ON schedule_exceptions TO %1$I;
        GRANT SELECT, INSERT ON appointment_moves TO %1$I;
        GRANT SELECT (doctor_id, department_id, weekday, start_time, end_time, slot_minutes, valid_from, valid_until)
            ON doctor_schedules TO %2$I;
        GRANT SELECT (doctor_id, kind, first_day, last_day, start_time, end_time, department_id, slot_minutes)
            ON schedule_exceptions TO %2$I;
        GRANT EXECUTE ON FUNCTION booking_patient_status(uuid) TO %1$I, %2$I;
    $sql$, app, portal, sync, seal);
END
$grants$;
REVOKE ALL ON FUNCTION grant_schedules(name, name, name, name) FROM PUBLIC;
