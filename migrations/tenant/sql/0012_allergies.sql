-- patients.allergies stays the list of substances that every page and the patient's own portal show; each of its entries
-- has a row here, and both are written in one transaction.
CREATE TABLE patient_allergies (
    id uuid DEFAULT uuidv7() NOT NULL,
    patient_id uuid NOT NULL,
    substance varchar(255) NOT NULL,
    reaction varchar(255),
    severity varchar(20) DEFAULT 'unknown' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by uuid,
    ended_at timestamptz,
    ended_by uuid,
    end_reason varchar(20),
    CONSTRAINT pk_patient_allergies PRIMARY KEY (id),
    CONSTRAINT ck_patient_allergies_severity CHECK (severity IN ('unknown', 'mild', 'moderate', 'severe')),
    CONSTRAINT ck_patient_allergies_substance CHECK (substance <> ''),
    CONSTRAINT ck_patient_allergies_end
        CHECK ((ended_at IS NULL) = (end_reason IS NULL) AND (end_reason IS NULL OR end_reason IN ('ended', 'mistaken'))),
    CONSTRAINT fk_patient_allergies_patient_id FOREIGN KEY (patient_id) REFERENCES patients (id) ON DELETE RESTRICT,
    CONSTRAINT fk_patient_allergies_created_by FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_patient_allergies_ended_by FOREIGN KEY (ended_by) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_patient_allergies_patient_id ON patient_allergies (patient_id);
CREATE UNIQUE INDEX uq_patient_allergies_current ON patient_allergies (patient_id, lower(substance)) WHERE ended_at IS NULL;

INSERT INTO patient_allergies (patient_id, substance, created_at, created_by)
SELECT DISTINCT ON (p.id, lower(trim(told.substance))) p.id, left(trim(told.substance), 255), p.updated_at, p.updated_by
FROM patients p
CROSS JOIN LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(p.allergies) = 'array' THEN p.allergies ELSE '[]'::jsonb END
) AS told (substance)
WHERE trim(told.substance) <> ''
ORDER BY p.id, lower(trim(told.substance));

ALTER TABLE patients
    ADD COLUMN no_known_allergies_at timestamptz,
    ADD COLUMN no_known_allergies_by uuid,
    ADD CONSTRAINT ck_patients_no_known_allergies
        CHECK (no_known_allergies_at IS NULL OR coalesce(allergies, '[]'::jsonb) IN ('[]'::jsonb, 'null'::jsonb)),
    ADD CONSTRAINT fk_patients_no_known_allergies_by
        FOREIGN KEY (no_known_allergies_by) REFERENCES users (id) ON DELETE RESTRICT;

-- Staff write them down and end them; nothing is deleted. The patient's portal shows the list in patients.
CREATE FUNCTION grant_patient_allergies(app name, portal name, sync name, seal name) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
    EXECUTE format($sql$
        REVOKE ALL ON patient_allergies FROM %1$I, %2$I, %3$I, %4$I;
        GRANT SELECT, INSERT, UPDATE (reaction, severity, ended_at, ended_by, end_reason) ON patient_allergies TO %1$I;
    $sql$, app, portal, sync, seal);
END
$grants$;

-- As tenant_app.staff.permissions gives it to new hospitals; a role that has it already stays as it is.
UPDATE roles SET permissions = permissions || '["allergy.note"]'::jsonb
WHERE name IN ('doctor', 'nurse', 'receptionist', 'admin') AND NOT permissions ? 'allergy.note';
