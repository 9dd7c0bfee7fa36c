-- The number itself is a row of patient_identifiers; a card says from when until when it is good, and where.
CREATE TABLE patient_insurance_cards (
    id uuid DEFAULT uuidv7() NOT NULL,
    patient_id uuid NOT NULL,
    identifier_id uuid NOT NULL,
    valid_from date NOT NULL,
    valid_to date,
    facility_code varchar(5),
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by uuid,
    ended_at timestamptz,
    ended_by uuid,
    end_reason varchar(20),
    CONSTRAINT pk_patient_insurance_cards PRIMARY KEY (id),
    CONSTRAINT ck_patient_insurance_cards_days CHECK (valid_to IS NULL OR valid_to >= valid_from),
    CONSTRAINT ck_patient_insurance_cards_facility_code CHECK (facility_code IS NULL OR facility_code ~ '^[0-9]{2}[0-9A-Z]{3}$'),
    CONSTRAINT ck_patient_insurance_cards_end CHECK (
        (ended_at IS NULL) = (end_reason IS NULL) AND (end_reason IS NULL OR end_reason IN ('ended', 'replaced', 'mistaken'))
    ),
    CONSTRAINT fk_patient_insurance_cards_patient_id FOREIGN KEY (patient_id) REFERENCES patients (id) ON DELETE RESTRICT,
    CONSTRAINT fk_patient_insurance_cards_identifier_id
        FOREIGN KEY (identifier_id) REFERENCES patient_identifiers (id) ON DELETE RESTRICT,
    CONSTRAINT fk_patient_insurance_cards_created_by FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_patient_insurance_cards_ended_by FOREIGN KEY (ended_by) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_patient_insurance_cards_patient_id ON patient_insurance_cards (patient_id);
CREATE UNIQUE INDEX uq_patient_insurance_cards_current ON patient_insurance_cards (patient_id) WHERE ended_at IS NULL;
ALTER TABLE patient_insurance_cards ENABLE ROW LEVEL SECURITY;

-- Staff write them down and end them; nothing is deleted. Patients see their own, and not who wrote them down.
CREATE FUNCTION grant_insurance_cards(app name, portal name, sync name, seal name) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
    EXECUTE format($sql$
        REVOKE ALL ON patient_insurance_cards FROM %1$I, %2$I, %3$I, %4$I;
        GRANT SELECT, INSERT, UPDATE (ended_at, ended_by, end_reason) ON patient_insurance_cards TO %1$I;
        GRANT SELECT (patient_id, identifier_id, valid_from, valid_to, facility_code, ended_at)
            ON patient_insurance_cards TO %2$I;
        DROP POLICY IF EXISTS staff ON patient_insurance_cards;
        CREATE POLICY staff ON patient_insurance_cards TO %1$I USING (true) WITH CHECK (true);
        DROP POLICY IF EXISTS own ON patient_insurance_cards;
        CREATE POLICY own ON patient_insurance_cards FOR SELECT TO %2$I USING (patient_id = portal_patient());
    $sql$, app, portal, sync, seal);
END
$grants$;
REVOKE ALL ON FUNCTION grant_insurance_cards(name, name, name, name) FROM PUBLIC;
