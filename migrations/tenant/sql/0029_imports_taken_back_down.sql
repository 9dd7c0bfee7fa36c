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
    SET state = CASE state WHEN 'checking' THEN 'failed' ELSE 'checked' END, claim_id = NULL, lease_until = NULL,
        attempts = 0, version = version + 1, updated_at = now(),
        failure = jsonb_build_object('said', '{}'::jsonb, 'row', NULL,
            'message', 'The work was interrupted, and nothing came of it. Begin again.')
    WHERE state IN ('checking', 'committing') AND greatest(lease_until, updated_at) < now() - interval '5 minutes';
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
    $sql$, app, portal, sync, seal);
END
$grants$;
DROP FUNCTION take_back_patients(uuid, uuid, uuid[]);
DROP INDEX ix_queue_entries_patient;
DROP INDEX ix_portal_invites_patient;
ALTER TABLE patients DROP COLUMN import_id;
ALTER TABLE patient_imports
    DROP CONSTRAINT ck_patient_imports_state,
    DROP CONSTRAINT ck_patient_imports_committed,
    DROP CONSTRAINT ck_patient_imports_taken_back;
UPDATE patient_imports SET state = 'done', rows_done = rows_total WHERE state = 'taking_back';
UPDATE patient_imports SET state = 'discarded', committed_at = NULL WHERE state = 'taken_back';
ALTER TABLE patient_imports
    DROP COLUMN taken_back_at,
    DROP COLUMN taken_back_by,
    ADD CONSTRAINT ck_patient_imports_state CHECK (
        state IN ('uploaded', 'checking', 'checked', 'committing', 'done', 'failed', 'discarded')
    ),
    ADD CONSTRAINT ck_patient_imports_committed CHECK ((state = 'done') = (committed_at IS NOT NULL));
