ALTER TABLE patients ADD COLUMN import_id uuid
    CONSTRAINT fk_patients_import_id REFERENCES patient_imports (id) ON DELETE RESTRICT;
-- Of the imports before this: their patients have the very moment of the transaction that made them.
UPDATE patients p SET import_id = i.id FROM patient_imports i
WHERE i.state = 'done' AND p.created_at = i.committed_at AND p.created_by = i.committed_by;
CREATE INDEX ix_patients_import ON patients (import_id, id) WHERE import_id IS NOT NULL;
-- Whether a patient has any of these is asked of each one who is taken out, and by the timeline of each.
CREATE INDEX ix_queue_entries_patient ON queue_entries (patient_id);
CREATE INDEX ix_portal_invites_patient ON portal_invites (patient_id);

ALTER TABLE patient_imports
    ADD COLUMN taken_back_at timestamptz,
    ADD COLUMN taken_back_by uuid
        CONSTRAINT fk_patient_imports_taken_back_by REFERENCES users (id) ON DELETE RESTRICT,
    DROP CONSTRAINT ck_patient_imports_state,
    DROP CONSTRAINT ck_patient_imports_committed,
    ADD CONSTRAINT ck_patient_imports_state CHECK (
        state IN ('uploaded', 'checking', 'checked', 'committing', 'done', 'failed', 'discarded', 'taking_back',
            'taken_back')
    ),
    ADD CONSTRAINT ck_patient_imports_committed CHECK (
        (state IN ('done', 'taking_back', 'taken_back')) = (committed_at IS NOT NULL)
    ),
    ADD CONSTRAINT ck_patient_imports_taken_back CHECK ((state = 'taken_back') = (taken_back_at IS NOT NULL));

-- Takes out patients of an import that is being taken back, with what it wrote down of them: the only way in which a
-- patient is ever deleted. Whatever came later stands in the way: a change by the version, everything else by the
-- foreign keys, which all restrict.
CREATE FUNCTION take_back_patients(p_import uuid, p_claim uuid, p_patients uuid[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    removed bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM public.patient_imports i
            WHERE i.id = p_import AND i.claim_id = p_claim AND i.state = 'taking_back') THEN
        RAISE EXCEPTION 'nobody takes this import back' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF EXISTS (SELECT FROM public.patients p
            WHERE p.id = ANY (p_patients) AND (p.import_id IS DISTINCT FROM p_import OR p.version > 1)) THEN
        RAISE EXCEPTION 'a patient was changed' USING ERRCODE = 'check_violation', TABLE = 'patients',
            CONSTRAINT = 'ck_patients_untouched';
    END IF;
    DELETE FROM public.patient_allergies a USING public.patients p
    WHERE p.id = ANY (p_patients) AND a.patient_id = p.id AND a.created_at = p.created_at;
    DELETE FROM public.patient_contacts c USING public.patients p
    WHERE p.id = ANY (p_patients) AND c.patient_id = p.id AND c.created_at = p.created_at;
    DELETE FROM public.patient_identifiers n USING public.patients p
    WHERE p.id = ANY (p_patients) AND n.patient_id = p.id AND n.created_at = p.created_at;
    DELETE FROM public.patients p WHERE p.id = ANY (p_patients);
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
END
$$;
REVOKE ALL ON FUNCTION take_back_patients(uuid, uuid, uuid[]) FROM PUBLIC;

CREATE OR REPLACE FUNCTION prune_patient_imports(batch_size integer) RETURNS TABLE (kind text, removed bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF batch_size IS NULL OR batch_size NOT BETWEEN 1 AND 100000 THEN
        RAISE EXCEPTION 'batch_size must be between 1 and 100000';
    END IF;
    UPDATE public.patient_imports
    SET state = 'discarded', claim_id = NULL, lease_until = NULL, version = version + 1, updated_at = now()
    WHERE expires_at < now() AND state IN ('uploaded', 'checking', 'checked', 'committing', 'failed')
        AND (lease_until IS NULL OR lease_until < now());
    -- The code sets them so as well; this is for what the code before it closed.
    UPDATE public.patient_imports SET samples = '{}', headings = '[]'
    WHERE state IN ('done', 'discarded') AND (samples <> '{}' OR headings <> '[]');
    -- Whoever looks at an import takes up what a dead process left of it. Nobody did: it is for people to begin again.
    UPDATE public.patient_imports
    SET state = CASE state WHEN 'checking' THEN 'failed' WHEN 'committing' THEN 'checked' ELSE 'done' END,
        rows_done = CASE state WHEN 'taking_back' THEN rows_total ELSE rows_done END,
        claim_id = NULL, lease_until = NULL, attempts = 0, version = version + 1, updated_at = now(),
        failure = jsonb_build_object('said', '{}'::jsonb, 'row', NULL,
            'message', 'The work was interrupted, and nothing came of it. Begin again.')
    WHERE state IN ('checking', 'committing', 'taking_back')
        AND greatest(lease_until, updated_at) < now() - interval '5 minutes';
    kind := 'patient_import_files';
    DELETE FROM public.patient_import_files f USING public.patient_imports i
    WHERE i.id = f.import_id AND i.state IN ('done', 'discarded');
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
    kind := 'patient_import_rows';
    DELETE FROM public.patient_import_rows WHERE ctid = ANY (ARRAY(
        SELECT r.ctid FROM public.patient_import_rows r JOIN public.patient_imports i ON i.id = r.import_id
        WHERE i.state IN ('done', 'discarded') LIMIT batch_size));
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
END
$$;

CREATE OR REPLACE FUNCTION grant_patient_imports(app name, portal name, sync name, seal name) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
    EXECUTE format($sql$
        REVOKE ALL ON patient_imports, patient_import_files, patient_import_rows FROM %1$I, %2$I, %3$I, %4$I;
        GRANT SELECT, INSERT, UPDATE ON patient_imports TO %1$I;
        GRANT SELECT, INSERT, DELETE ON patient_import_files TO %1$I;
        GRANT SELECT, INSERT, UPDATE, DELETE ON patient_import_rows TO %1$I;
        REVOKE ALL ON FUNCTION prune_patient_imports(integer) FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION prune_patient_imports(integer) TO %4$I;
        REVOKE ALL ON FUNCTION take_back_patients(uuid, uuid, uuid[]) FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION take_back_patients(uuid, uuid, uuid[]) TO %1$I;
    $sql$, app, portal, sync, seal);
END
$grants$;
