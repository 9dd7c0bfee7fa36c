ALTER TABLE patients
    ADD COLUMN deceased_on date,
    ADD CONSTRAINT ck_patients_deceased_on CHECK (deceased_on IS NULL OR status = 'deceased');

-- A search shows those whose record is active first, then these.
CREATE INDEX ix_patients_closed ON patients (search_key, id) WHERE status <> 'active';

CREATE TABLE patient_status_changes (
    id uuid DEFAULT uuidv7() NOT NULL,
    patient_id uuid NOT NULL,
    status varchar(20) NOT NULL,
    reason varchar(30) NOT NULL,
    deceased_on date,
    told_by varchar(255),
    note varchar(500),
    changed_at timestamptz DEFAULT now() NOT NULL,
    changed_by uuid,
    CONSTRAINT pk_patient_status_changes PRIMARY KEY (id),
    CONSTRAINT ck_patient_status_changes_reason CHECK (
        (status = 'active' AND reason IN ('mistaken', 'came_back', 'other'))
        OR (status = 'inactive' AND reason IN ('moved_away', 'other_hospital', 'duplicate', 'asked', 'other'))
        OR (status = 'deceased' AND reason IN ('died_here', 'certificate', 'family', 'other'))
    ),
    CONSTRAINT ck_patient_status_changes_death CHECK (
        (status = 'deceased') = (deceased_on IS NOT NULL) AND (status = 'deceased') = (told_by IS NOT NULL)
    ),
    CONSTRAINT fk_patient_status_changes_patient_id FOREIGN KEY (patient_id) REFERENCES patients (id) ON DELETE RESTRICT,
    CONSTRAINT fk_patient_status_changes_changed_by FOREIGN KEY (changed_by) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_patient_status_changes_patient_id ON patient_status_changes (patient_id);

-- Only added to: what was said of somebody's death stays said. Patients have no business here.
CREATE FUNCTION grant_patient_status(app name, portal name, sync name, seal name) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
    EXECUTE format($sql$
        REVOKE ALL ON patient_status_changes FROM %1$I, %2$I, %3$I, %4$I;
        GRANT SELECT, INSERT ON patient_status_changes TO %1$I;
    $sql$, app, portal, sync, seal);
END
$grants$;
REVOKE ALL ON FUNCTION grant_patient_status(name, name, name, name) FROM PUBLIC;

-- As tenant_app.staff.permissions gives it to new hospitals; a role that has it already stays as it is.
UPDATE roles SET permissions = permissions || '["patient.close"]'::jsonb
WHERE name IN ('doctor', 'nurse', 'receptionist', 'admin') AND NOT permissions ? 'patient.close';
