"""The patient index, and what the sync keeps."""

from alembic import op

revision: str = "0003_index_and_sync"
down_revision: str | None = "0002_administrators"
branch_labels: None = None
depends_on: None = None

_INDEX = """
CREATE TABLE persons (
    id uuid NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_persons PRIMARY KEY (id)
);

CREATE TABLE person_identifiers (
    id uuid NOT NULL DEFAULT uuidv7(),
    person_id uuid NOT NULL,
    system varchar(20) NOT NULL,
    key_version integer NOT NULL,
    digest bytea NOT NULL,
    sealed_value text NOT NULL,
    dek_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_person_identifiers PRIMARY KEY (id),
    CONSTRAINT uq_person_identifiers_digest UNIQUE (system, key_version, digest),
    CONSTRAINT fk_person_identifiers_person_id FOREIGN KEY (person_id) REFERENCES persons (id)
        ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT ck_person_identifiers_system CHECK (system IN ('cccd', 'cmnd', 'bhyt', 'passport')),
    CONSTRAINT ck_person_identifiers_digest CHECK (octet_length(digest) = 32)
);
CREATE INDEX ix_person_identifiers_person_id ON person_identifiers (person_id);

CREATE TABLE central_patient_index (
    id uuid NOT NULL DEFAULT uuidv7(),
    patient_global_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    patient_local_id uuid NOT NULL,
    metadata_encrypted text NOT NULL,
    encryption_key_id uuid NOT NULL,
    status varchar(20) NOT NULL,
    epoch integer NOT NULL,
    n bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_central_patient_index PRIMARY KEY (id),
    CONSTRAINT uq_central_patient_index_tenant_id_patient_local_id UNIQUE (tenant_id, patient_local_id),
    CONSTRAINT fk_central_patient_index_patient_global_id FOREIGN KEY (patient_global_id) REFERENCES persons (id)
        ON DELETE RESTRICT,
    CONSTRAINT ck_central_patient_index_status CHECK (status IN ('active', 'inactive', 'deceased')),
    CONSTRAINT ck_central_patient_index_version CHECK (epoch >= 1 AND n >= 1)
);
CREATE INDEX ix_central_patient_index_person ON central_patient_index (patient_global_id, tenant_id);

CREATE TABLE patient_tombstones (
    tenant_id uuid NOT NULL,
    patient_local_id uuid NOT NULL,
    epoch integer NOT NULL,
    n bigint NOT NULL,
    erased_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_patient_tombstones PRIMARY KEY (tenant_id, patient_local_id),
    CONSTRAINT fk_patient_tombstones_tenant_id FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE RESTRICT
);
"""

_SYNC = """
CREATE TABLE sync_keys (
    kid varchar(100) NOT NULL,
    tenant_id uuid NOT NULL,
    public_jwk jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz,
    CONSTRAINT pk_sync_keys PRIMARY KEY (kid),
    CONSTRAINT fk_sync_keys_tenant_id FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE RESTRICT
);
CREATE INDEX ix_sync_keys_tenant_id ON sync_keys (tenant_id);

CREATE TABLE sync_used_tokens (
    jti varchar(100) NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT pk_sync_used_tokens PRIMARY KEY (jti)
);
CREATE INDEX ix_sync_used_tokens_expires_at ON sync_used_tokens (expires_at);

CREATE TABLE sync_inbox (
    tenant_id uuid NOT NULL,
    event_id uuid NOT NULL,
    result varchar(20) NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_sync_inbox PRIMARY KEY (tenant_id, event_id),
    CONSTRAINT ck_sync_inbox_result CHECK (result IN ('applied', 'stale'))
);
CREATE INDEX ix_sync_inbox_received_at ON sync_inbox USING brin (received_at);

CREATE TABLE sync_changes (
    id bigint GENERATED ALWAYS AS IDENTITY,
    tenant_id uuid NOT NULL,
    kind varchar(20) NOT NULL,
    payload jsonb NOT NULL,
    xid bigint NOT NULL DEFAULT (pg_current_xact_id()::text)::bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_sync_changes PRIMARY KEY (id),
    CONSTRAINT fk_sync_changes_tenant_id FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE RESTRICT,
    CONSTRAINT ck_sync_changes_kind CHECK (kind IN ('settled', 'merged', 'replay', 'discard'))
);
CREATE INDEX ix_sync_changes_position ON sync_changes (tenant_id, xid, id);

CREATE TABLE sync_history (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL,
    sync_type varchar(50) NOT NULL,
    status varchar(20) NOT NULL,
    records_count integer NOT NULL DEFAULT 0,
    results jsonb NOT NULL DEFAULT '{}'::jsonb,
    start_time timestamptz NOT NULL,
    end_time timestamptz,
    error_message text,
    checksum varchar(255),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_sync_history PRIMARY KEY (id),
    CONSTRAINT fk_sync_history_tenant_id FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE RESTRICT,
    CONSTRAINT ck_sync_history_sync_type CHECK (sync_type IN ('push', 'pull', 'metadata', 'frontend_config')),
    CONSTRAINT ck_sync_history_status CHECK (status IN ('success', 'failed', 'partial'))
);
CREATE INDEX ix_sync_history_tenant_id ON sync_history (tenant_id, start_time);
CREATE INDEX ix_sync_history_created_at ON sync_history USING brin (created_at);

CREATE TABLE sync_dead_letters (
    id uuid NOT NULL DEFAULT uuidv7(),
    tenant_id uuid NOT NULL,
    event_id uuid NOT NULL,
    event_type varchar(100) NOT NULL,
    reason varchar(100) NOT NULL,
    attempts integer NOT NULL,
    first_failed_at timestamptz NOT NULL,
    last_failed_at timestamptz NOT NULL,
    state varchar(20) NOT NULL DEFAULT 'dead',
    decided_by uuid,
    decided_at timestamptz,
    CONSTRAINT pk_sync_dead_letters PRIMARY KEY (id),
    CONSTRAINT fk_sync_dead_letters_tenant_id FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE RESTRICT,
    CONSTRAINT ck_sync_dead_letters_state CHECK (
        state IN ('dead', 'replay_requested', 'discard_requested', 'replayed', 'discarded'))
);
CREATE UNIQUE INDEX uq_sync_dead_letters_event ON sync_dead_letters (tenant_id, event_id);
CREATE INDEX ix_sync_dead_letters_state ON sync_dead_letters (state, last_failed_at);

CREATE TABLE tenant_sync_status (
    tenant_id uuid NOT NULL,
    last_push_at timestamptz,
    last_success_at timestamptz,
    backlog bigint NOT NULL DEFAULT 0,
    oldest_pending_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_tenant_sync_status PRIMARY KEY (tenant_id),
    CONSTRAINT fk_tenant_sync_status_tenant_id FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE RESTRICT
);

CREATE TABLE hospital_audit_heads (
    tenant_id uuid NOT NULL,
    epoch integer NOT NULL,
    n bigint NOT NULL,
    head jsonb NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_hospital_audit_heads PRIMARY KEY (tenant_id, epoch, n),
    CONSTRAINT fk_hospital_audit_heads_tenant_id FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE RESTRICT
);
"""

# What the router may ask of the index: functions only. They show where somebody has a book, and never who that is.
_ROUTE = """
CREATE FUNCTION route_person(p_system text, p_key_version integer, p_digest bytea)
    RETURNS TABLE (person_id uuid, version bigint, tenant_ids uuid[])
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    RETURN QUERY
        SELECT p.id, p.version,
               ARRAY(SELECT DISTINCT e.tenant_id FROM central_patient_index e WHERE e.patient_global_id = p.id)
        FROM person_identifiers i JOIN persons p ON p.id = i.person_id
        WHERE i.system = p_system AND i.key_version = p_key_version AND i.digest = p_digest;
END
$$;
REVOKE ALL ON FUNCTION route_person(text, integer, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION route_person(text, integer, bytea) TO sokham_route;
"""

# The console never sees a sealed identifier, and the ingest never sees more of a hospital than whether it may push.
_GRANTS = """
GRANT SELECT ON persons, central_patient_index, patient_tombstones, sync_keys, sync_changes, sync_history,
    sync_dead_letters, tenant_sync_status, hospital_audit_heads TO sokham_console;
GRANT SELECT (id, person_id, system, key_version, digest, created_at) ON person_identifiers TO sokham_console;
GRANT INSERT ON sync_keys, sync_changes TO sokham_console;
GRANT UPDATE (retired_at) ON sync_keys TO sokham_console;
GRANT UPDATE (state, decided_by, decided_at) ON sync_dead_letters TO sokham_console;

GRANT SELECT ON sync_keys TO sokham_ingest;
GRANT SELECT, INSERT, DELETE ON sync_used_tokens, sync_inbox TO sokham_ingest;
-- What lets rows be locked for the deletion of old tokens.
GRANT UPDATE (expires_at) ON sync_used_tokens TO sokham_ingest;
GRANT SELECT, INSERT ON person_identifiers, sync_changes, sync_history, hospital_audit_heads TO sokham_ingest;
GRANT SELECT, INSERT, UPDATE ON persons, patient_tombstones, sync_dead_letters, tenant_sync_status TO sokham_ingest;
GRANT SELECT, INSERT, UPDATE, DELETE ON central_patient_index TO sokham_ingest;
"""

_TABLES = (
    "hospital_audit_heads",
    "tenant_sync_status",
    "sync_dead_letters",
    "sync_history",
    "sync_changes",
    "sync_inbox",
    "sync_used_tokens",
    "sync_keys",
    "patient_tombstones",
    "central_patient_index",
    "person_identifiers",
    "persons",
)


def upgrade() -> None:
    """Apply."""
    for part in (_INDEX, _SYNC, _ROUTE, _GRANTS):
        op.execute(part)


def downgrade() -> None:
    """Undo."""
    op.execute("DROP FUNCTION route_person(text, integer, bytea)")
    for table in _TABLES:
        op.drop_table(table)
