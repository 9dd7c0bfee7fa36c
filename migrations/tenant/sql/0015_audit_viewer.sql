-- Looking through the audit log: the newest first, and by action; what verifying the chain found.

CREATE INDEX ix_audit_logs_newest ON audit_logs (created_at, id);
CREATE INDEX ix_audit_logs_action ON audit_logs (action, created_at);

CREATE TABLE audit_checks (
    id uuid DEFAULT uuidv7() NOT NULL,
    checked_at timestamptz DEFAULT now() NOT NULL,
    seals bigint NOT NULL,
    row_count bigint NOT NULL,
    broken_sequence bigint,
    fault varchar(20),
    CONSTRAINT pk_audit_checks PRIMARY KEY (id),
    CONSTRAINT ck_audit_checks_counts CHECK (seals >= 0 AND row_count >= 0),
    CONSTRAINT ck_audit_checks_fault CHECK ((broken_sequence IS NULL) = (fault IS NULL))
);

-- Rights of each purpose; called again after each migration. Named so that it is called after grant_hospital_core.
CREATE FUNCTION grant_viewing(app name, portal name, sync name, seal name) RETURNS void
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
    EXECUTE format($sql$
        REVOKE ALL ON audit_checks FROM %1$I, %2$I, %3$I, %4$I;
        GRANT SELECT ON audit_checks TO %1$I;
        GRANT SELECT, INSERT ON audit_checks TO %4$I;
        GRANT SELECT (sequence, last_id, row_count, sealed_at) ON audit_seals TO %1$I;
    $sql$, app, portal, sync, seal);
END
$grants$;
REVOKE ALL ON FUNCTION grant_viewing(name, name, name, name) FROM PUBLIC;
