CREATE TABLE patient_imports (
    id uuid DEFAULT uuidv7() NOT NULL,
    file_name varchar(255) NOT NULL,
    file_kind varchar(10) NOT NULL,
    file_bytes integer NOT NULL,
    encoding varchar(20) NOT NULL,
    heading_row integer NOT NULL,
    headings jsonb NOT NULL,
    mapping jsonb NOT NULL,
    samples jsonb NOT NULL,
    state varchar(20) DEFAULT 'uploaded' NOT NULL,
    failure jsonb,
    rows_total integer DEFAULT 0 NOT NULL,
    rows_done integer DEFAULT 0 NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    claim_id uuid,
    lease_until timestamptz,
    version bigint DEFAULT 1 NOT NULL,
    created_by uuid,
    committed_at timestamptz,
    committed_by uuid,
    expires_at timestamptz DEFAULT now() + interval '7 days' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_patient_imports PRIMARY KEY (id),
    CONSTRAINT ck_patient_imports_file_kind CHECK (file_kind IN ('csv', 'xlsx')),
    CONSTRAINT ck_patient_imports_state CHECK (
        state IN ('uploaded', 'checking', 'checked', 'committing', 'done', 'failed', 'discarded')
    ),
    CONSTRAINT ck_patient_imports_counts CHECK (rows_total >= 0 AND rows_done >= 0 AND file_bytes > 0),
    CONSTRAINT ck_patient_imports_committed CHECK ((state = 'done') = (committed_at IS NOT NULL)),
    CONSTRAINT fk_patient_imports_created_by FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_patient_imports_committed_by FOREIGN KEY (committed_by) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_patient_imports_created_at ON patient_imports (created_at, id);
CREATE INDEX ix_patient_imports_expiring ON patient_imports (expires_at)
    WHERE state IN ('uploaded', 'checking', 'checked', 'committing', 'failed');

CREATE TABLE patient_import_files (
    import_id uuid NOT NULL,
    content bytea NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_patient_import_files PRIMARY KEY (import_id),
    CONSTRAINT fk_patient_import_files_import_id FOREIGN KEY (import_id) REFERENCES patient_imports (id)
        ON DELETE CASCADE
);
-- Workbooks are packed already, and packing a large CSV would hold up the upload.
ALTER TABLE patient_import_files ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE patient_import_rows (
    import_id uuid NOT NULL,
    row_number integer NOT NULL,
    cells jsonb NOT NULL,
    problems jsonb DEFAULT '[]'::jsonb NOT NULL,
    wrong boolean NOT NULL,
    doubtful boolean NOT NULL,
    decision varchar(10),
    patient_id uuid NOT NULL,
    patient_global_id uuid NOT NULL,
    full_name varchar(255),
    search_key varchar(255),
    date_of_birth date,
    gender varchar(10),
    phone varchar(20),
    email varchar(255),
    address text,
    emergency_contact jsonb,
    allergies jsonb,
    blood_type varchar(10),
    cccd varchar(50),
    bhyt varchar(50),
    cmnd varchar(50),
    passport varchar(50),
    CONSTRAINT pk_patient_import_rows PRIMARY KEY (import_id, row_number),
    CONSTRAINT ck_patient_import_rows_decision CHECK (decision IS NULL OR decision IN ('import', 'skip')),
    CONSTRAINT ck_patient_import_rows_wrong CHECK (NOT wrong OR decision IS DISTINCT FROM 'import'),
    CONSTRAINT ck_patient_import_rows_whole CHECK (
        wrong OR (full_name IS NOT NULL AND date_of_birth IS NOT NULL AND gender IS NOT NULL)
    ),
    CONSTRAINT fk_patient_import_rows_import_id FOREIGN KEY (import_id) REFERENCES patient_imports (id)
        ON DELETE CASCADE
);
CREATE INDEX ix_patient_import_rows_troubled ON patient_import_rows (import_id, row_number)
    WHERE wrong OR doubtful OR decision IS NOT NULL;

-- An import that nobody finished within its time is discarded, and its file and rows go. What was imported stays, of
-- course; that there was an import stays as well, without any patient's data.
CREATE FUNCTION prune_patient_imports(batch_size integer) RETURNS TABLE (kind text, removed bigint)
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

-- Patients have no business here. Nobody deletes an import itself: that it was, and who did it, stays.
CREATE FUNCTION grant_patient_imports(app name, portal name, sync name, seal name) RETURNS void
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
REVOKE ALL ON FUNCTION grant_patient_imports(name, name, name, name) FROM PUBLIC;
REVOKE ALL ON FUNCTION prune_patient_imports(integer) FROM PUBLIC;

-- As tenant_app.staff.permissions gives it to new hospitals; a role that has it already stays as it is.
UPDATE roles SET permissions = permissions || '["patient.import"]'::jsonb
WHERE name = 'admin' AND NOT permissions ? 'patient.import';
