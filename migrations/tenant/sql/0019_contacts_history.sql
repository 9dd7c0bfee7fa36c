-- patients.emergency_contact stays what the code before this reads: the contact to call first, written with its row.
CREATE TABLE patient_contacts (
    id uuid DEFAULT uuidv7() NOT NULL,
    patient_id uuid NOT NULL,
    full_name varchar(255) NOT NULL,
    relation varchar(100),
    phone varchar(20) NOT NULL,
    is_guardian boolean DEFAULT false NOT NULL,
    call_first boolean DEFAULT false NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by uuid,
    ended_at timestamptz,
    ended_by uuid,
    end_reason varchar(20),
    CONSTRAINT pk_patient_contacts PRIMARY KEY (id),
    CONSTRAINT ck_patient_contacts_full_name CHECK (full_name <> ''),
    CONSTRAINT ck_patient_contacts_end CHECK (
        (ended_at IS NULL) = (end_reason IS NULL) AND (end_reason IS NULL OR end_reason IN ('ended', 'replaced', 'mistaken'))
    ),
    CONSTRAINT ck_patient_contacts_call_first CHECK (NOT call_first OR ended_at IS NULL),
    CONSTRAINT fk_patient_contacts_patient_id FOREIGN KEY (patient_id) REFERENCES patients (id) ON DELETE RESTRICT,
    CONSTRAINT fk_patient_contacts_created_by FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_patient_contacts_ended_by FOREIGN KEY (ended_by) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_patient_contacts_patient_id ON patient_contacts (patient_id);
CREATE UNIQUE INDEX uq_patient_contacts_call_first ON patient_contacts (patient_id) WHERE call_first;
ALTER TABLE patient_contacts ENABLE ROW LEVEL SECURITY;

INSERT INTO patient_contacts (patient_id, full_name, relation, phone, call_first, created_at, created_by)
SELECT p.id, left(p.emergency_contact->>'name', 255), left(nullif(p.emergency_contact->>'relation', ''), 100),
    left(p.emergency_contact->>'phone', 20), true, p.updated_at, p.updated_by
FROM patients p
WHERE jsonb_typeof(p.emergency_contact) = 'object'
    AND coalesce(p.emergency_contact->>'name', '') <> '' AND coalesce(p.emergency_contact->>'phone', '') <> '';

CREATE TABLE patient_history (
    id uuid DEFAULT uuidv7() NOT NULL,
    patient_id uuid NOT NULL,
    kind varchar(20) NOT NULL,
    what varchar(500) NOT NULL,
    icd10 varchar(6),
    since_year integer,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by uuid,
    ended_at timestamptz,
    ended_by uuid,
    end_reason varchar(20),
    CONSTRAINT pk_patient_history PRIMARY KEY (id),
    CONSTRAINT ck_patient_history_kind CHECK (kind IN ('chronic', 'surgery', 'family', 'note')),
    CONSTRAINT ck_patient_history_what CHECK (what <> ''),
    CONSTRAINT ck_patient_history_icd10 CHECK (icd10 IS NULL OR icd10 ~ '^[A-Z][0-9]{2}([.][0-9]{1,2})?$'),
    CONSTRAINT ck_patient_history_since_year CHECK (since_year IS NULL OR since_year BETWEEN 1880 AND 2200),
    CONSTRAINT ck_patient_history_end CHECK (
        (ended_at IS NULL) = (end_reason IS NULL) AND (end_reason IS NULL OR end_reason IN ('ended', 'replaced', 'mistaken'))
    ),
    CONSTRAINT fk_patient_history_patient_id FOREIGN KEY (patient_id) REFERENCES patients (id) ON DELETE RESTRICT,
    CONSTRAINT fk_patient_history_created_by FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_patient_history_ended_by FOREIGN KEY (ended_by) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_patient_history_patient_id ON patient_history (patient_id);
ALTER TABLE patient_history ENABLE ROW LEVEL SECURITY;

-- Staff write them down and end them; nothing is deleted. Patients see their own, and not who wrote them down.
CREATE FUNCTION grant_contacts_history(app name, portal name, sync name, seal name) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
    EXECUTE format($sql$
        REVOKE ALL ON patient_contacts, patient_history FROM %1$I, %2$I, %3$I, %4$I;
        GRANT SELECT, INSERT, UPDATE (call_first, ended_at, ended_by, end_reason) ON patient_contacts TO %1$I;
        GRANT SELECT, INSERT, UPDATE (ended_at, ended_by, end_reason) ON patient_history TO %1$I;
        GRANT SELECT (id, patient_id, full_name, relation, phone, is_guardian, call_first, ended_at)
            ON patient_contacts TO %2$I;
        GRANT SELECT (id, patient_id, kind, what, icd10, since_year, ended_at) ON patient_history TO %2$I;
        DROP POLICY IF EXISTS staff ON patient_contacts;
        CREATE POLICY staff ON patient_contacts TO %1$I USING (true) WITH CHECK (true);
        DROP POLICY IF EXISTS own ON patient_contacts;
        CREATE POLICY own ON patient_contacts FOR SELECT TO %2$I USING (patient_id = portal_patient());
        DROP POLICY IF EXISTS staff ON patient_history;
        CREATE POLICY staff ON patient_history TO %1$I USING (true) WITH CHECK (true);
        DROP POLICY IF EXISTS own ON patient_history;
        CREATE POLICY own ON patient_history FOR SELECT TO %2$I USING (patient_id = portal_patient());
    $sql$, app, portal, sync, seal);
END
$grants$;
REVOKE ALL ON FUNCTION grant_contacts_history(name, name, name, name) FROM PUBLIC;

-- As tenant_app.staff.permissions gives them to new hospitals; a role that has them already stays as it is.
UPDATE roles SET permissions = permissions || '["history.read"]'::jsonb
WHERE name IN ('doctor', 'nurse', 'lab_technician', 'admin') AND NOT permissions ? 'history.read';
UPDATE roles SET permissions = permissions || '["history.note"]'::jsonb
WHERE name IN ('doctor', 'nurse', 'admin') AND NOT permissions ? 'history.note';
