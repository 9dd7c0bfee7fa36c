-- A number that ended keeps why: it ran out, another took its place, or it never was this patient's.
ALTER TABLE patient_identifiers
    ADD COLUMN end_reason varchar(20),
    ADD COLUMN ended_by uuid,
    ADD CONSTRAINT ck_patient_identifiers_end_reason
        CHECK (end_reason IS NULL OR (valid_to IS NOT NULL AND end_reason IN ('ended', 'replaced', 'mistaken'))),
    ADD CONSTRAINT fk_patient_identifiers_ended_by FOREIGN KEY (ended_by) REFERENCES users (id) ON DELETE RESTRICT;
