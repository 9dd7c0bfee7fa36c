"""Leases of the jobs, the keys that sign the audit log, what the sealer needs, and what is pruned."""

from alembic import op

revision: str = "0004_jobs"
down_revision: str | None = "0003_index_and_sync"
branch_labels: None = None
depends_on: None = None

_TABLES = """
CREATE TABLE job_leases (
    name varchar(50) NOT NULL,
    holder uuid,
    fence bigint NOT NULL DEFAULT 0,
    lease_until timestamptz,
    next_run_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    succeeded_at timestamptz,
    failures integer NOT NULL DEFAULT 0,
    last_error varchar(100),
    CONSTRAINT pk_job_leases PRIMARY KEY (name),
    CONSTRAINT ck_job_leases_held CHECK ((holder IS NULL) = (lease_until IS NULL))
);

CREATE TABLE audit_signing_keys (
    kid varchar(100) NOT NULL,
    public_jwk jsonb NOT NULL,
    sealed_private text NOT NULL,
    dek_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    not_after timestamptz NOT NULL,
    CONSTRAINT pk_audit_signing_keys PRIMARY KEY (kid),
    CONSTRAINT fk_audit_signing_keys_dek_id FOREIGN KEY (dek_id) REFERENCES data_keys (dek_id) ON DELETE RESTRICT
);

-- Nothing has sealed before this revision, so the table is empty.
ALTER TABLE audit_seals
    ADD COLUMN sequence bigint NOT NULL,
    ADD CONSTRAINT uq_audit_seals_table_name_sequence UNIQUE (table_name, sequence),
    ADD CONSTRAINT ck_audit_seals_row_count CHECK (row_count > 0);
"""

# The jobs make the data key of their own signing key and no other; what has run out goes, and nothing else can: the
# times stand here and not in an argument, so that whoever takes the role over cannot delete what is in use.
_FUNCTIONS = """
CREATE FUNCTION seal_add_data_key(dek uuid, version integer, wrapped_key text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO public.data_keys (dek_id, tenant_id, scope, kek_version, wrapped)
    VALUES (dek, NULL, 'audit-signing', version, wrapped_key);
END;

CREATE FUNCTION prune_expired(batch_size integer) RETURNS TABLE (kind text, removed bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF batch_size IS NULL OR batch_size NOT BETWEEN 1 AND 100000 THEN
        RAISE EXCEPTION 'batch_size must be between 1 and 100000';
    END IF;
    kind := 'idempotency_keys';
    DELETE FROM public.idempotency_keys WHERE ctid = ANY (ARRAY(
        SELECT k.ctid FROM public.idempotency_keys k
        WHERE k.created_at < now() - interval '24 hours' LIMIT batch_size));
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
    kind := 'admin_sessions';
    DELETE FROM public.admin_sessions WHERE ctid = ANY (ARRAY(
        SELECT s.ctid FROM public.admin_sessions s
        WHERE coalesce(s.ended_at, s.expires_at) < now() - interval '30 days' LIMIT batch_size));
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
    kind := 'admin_refresh_tokens';
    DELETE FROM public.admin_refresh_tokens WHERE ctid = ANY (ARRAY(
        SELECT t.ctid FROM public.admin_refresh_tokens t
        WHERE t.expires_at < now() - interval '30 days' LIMIT batch_size));
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
    kind := 'admin_sign_in_failures';
    DELETE FROM public.admin_sign_in_failures WHERE ctid = ANY (ARRAY(
        SELECT f.ctid FROM public.admin_sign_in_failures f
        WHERE greatest(f.last_failed_at, f.locked_until) < now() - interval '30 days' LIMIT batch_size));
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
    -- A token's clock may run behind ours by a few seconds; five minutes are more than that.
    kind := 'sync_used_tokens';
    DELETE FROM public.sync_used_tokens WHERE ctid = ANY (ARRAY(
        SELECT t.ctid FROM public.sync_used_tokens t
        WHERE t.expires_at < now() - interval '5 minutes' LIMIT batch_size));
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
    -- An event that comes again after this is told by its version, which is not newer.
    kind := 'sync_inbox';
    DELETE FROM public.sync_inbox WHERE ctid = ANY (ARRAY(
        SELECT i.ctid FROM public.sync_inbox i
        WHERE i.received_at < now() - interval '30 days' LIMIT batch_size));
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
END
$$;
"""

# Who writes an audit row says what happened, and not when nor in which transaction: a row that names a transaction of
# its own choice would never be sealed, or would look as if somebody had put it there later.
_GRANTS = """
GRANT SELECT, INSERT, UPDATE ON job_leases TO sokham_seal;
GRANT SELECT ON job_leases TO sokham_console;
GRANT SELECT, INSERT ON audit_signing_keys TO sokham_seal;
GRANT SELECT (kid, public_jwk, created_at, not_after) ON audit_signing_keys TO sokham_console;
GRANT SELECT ON hospital_audit_heads TO sokham_seal;
GRANT EXECUTE ON FUNCTION
    route_data_key(uuid), route_current_data_key(uuid, text), seal_add_data_key(uuid, integer, text),
    prune_expired(integer)
TO sokham_seal;
REVOKE INSERT ON admin_audit_logs, security_audit_logs FROM sokham_console, sokham_ingest;
GRANT INSERT (user_id, actor_name, tenant_id, action, resource_type, resource_id, portal, old_values, new_values,
    reason, request_id, ip_address, user_agent) ON admin_audit_logs TO sokham_console;
GRANT INSERT (tenant_id, user_id, security_event, risk_level, event_details, request_id, ip_address, user_agent)
    ON security_audit_logs TO sokham_console, sokham_ingest;
"""


def upgrade() -> None:
    """Apply."""
    for part in (_TABLES, _FUNCTIONS, _GRANTS):
        op.execute(part)


def downgrade() -> None:
    """Undo; the seals go on standing without their numbers."""
    op.execute("REVOKE INSERT ON admin_audit_logs, security_audit_logs FROM sokham_console, sokham_ingest")
    op.execute("GRANT INSERT ON admin_audit_logs, security_audit_logs TO sokham_console")
    op.execute("GRANT INSERT ON security_audit_logs TO sokham_ingest")
    op.execute("REVOKE SELECT ON hospital_audit_heads FROM sokham_seal")
    op.execute("REVOKE EXECUTE ON FUNCTION route_data_key(uuid), route_current_data_key(uuid, text) FROM sokham_seal")
    op.execute("DROP FUNCTION prune_expired(integer)")
    op.execute("DROP FUNCTION seal_add_data_key(uuid, integer, text)")
    op.execute(
        "ALTER TABLE audit_seals DROP CONSTRAINT ck_audit_seals_row_count,"
        " DROP CONSTRAINT uq_audit_seals_table_name_sequence, DROP COLUMN sequence"
    )
    op.drop_table("audit_signing_keys")
    op.drop_table("job_leases")
