-- What an import shows of a file while its columns are named (the first rows, and headings that may be a patient's own
-- line) goes with the file and its rows.
UPDATE patient_imports SET samples = '{}', headings = '[]' WHERE state IN ('done', 'discarded');

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
