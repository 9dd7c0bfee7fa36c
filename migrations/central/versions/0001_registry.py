"""The registry, its routes as functions, and central's audit tables."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from central.database import Xid8

revision: str = "0001_registry"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Tables, then what only SQL can say: functions, triggers, partitions and grants."""
    _create_audit()
    _create_registry()
    _create_keys()
    for statement in (*_AUDIT, *_TRIGGERS, *_ROUTES, *_GRANTS):
        op.execute(sa.text(statement.replace(":", "\\:")))


def downgrade() -> None:
    """Functions go first: the routes return rows of the tables."""
    for function in _FUNCTIONS:
        op.execute(f"DROP FUNCTION {function} CASCADE")
    op.drop_table("tenant_credentials")
    op.drop_table("signing_keys")
    op.drop_table("operations")
    op.drop_table("data_keys")
    op.drop_table("tenants")
    op.drop_table("security_audit_logs")
    op.drop_table("audit_seals")
    op.drop_table("admin_audit_logs")


def _create_audit() -> None:
    op.create_table(
        "admin_audit_logs",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.String(length=255), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(length=100), nullable=False),
        sa.Column("resource_type", sa.String(length=100), nullable=False),
        sa.Column("resource_id", sa.String(length=255), nullable=True),
        sa.Column("portal", sa.String(length=50), nullable=True),
        sa.Column("old_values", postgresql.JSONB(), nullable=True),
        sa.Column("new_values", postgresql.JSONB(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("request_id", sa.String(length=100), nullable=True),
        sa.Column("ip_address", postgresql.INET(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("xid", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.CheckConstraint("portal IN ('admin', 'hospital', 'patient')", name="ck_admin_audit_logs_portal"),
        sa.PrimaryKeyConstraint("id", "created_at", name="pk_admin_audit_logs"),
        postgresql_partition_by="RANGE (created_at)",
    )
    op.create_index("ix_admin_audit_logs_tenant_id", "admin_audit_logs", ["tenant_id", "created_at"], unique=False)
    op.create_index("ix_admin_audit_logs_user_id", "admin_audit_logs", ["user_id", "created_at"], unique=False)
    op.create_index("ix_admin_audit_logs_xid", "admin_audit_logs", ["xid", "id"], unique=False)
    op.create_table(
        "security_audit_logs",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("security_event", sa.String(length=100), nullable=False),
        sa.Column("risk_level", sa.String(length=20), server_default="low", nullable=False),
        sa.Column("event_details", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("request_id", sa.String(length=100), nullable=True),
        sa.Column("ip_address", postgresql.INET(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("xid", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.CheckConstraint(
            "risk_level IN ('low', 'medium', 'high', 'critical')", name="ck_security_audit_logs_risk_level"
        ),
        sa.PrimaryKeyConstraint("id", "created_at", name="pk_security_audit_logs"),
        postgresql_partition_by="RANGE (created_at)",
    )
    op.create_index(
        "ix_security_audit_logs_event", "security_audit_logs", ["security_event", "created_at"], unique=False
    )
    op.create_index("ix_security_audit_logs_risk", "security_audit_logs", ["risk_level", "created_at"], unique=False)
    op.create_index(
        "ix_security_audit_logs_tenant_id", "security_audit_logs", ["tenant_id", "created_at"], unique=False
    )
    op.create_index("ix_security_audit_logs_xid", "security_audit_logs", ["xid", "id"], unique=False)
    op.create_table(
        "audit_seals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("table_name", sa.String(length=63), nullable=False),
        sa.Column("first_xid", Xid8(), nullable=False),
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("last_xid", Xid8(), nullable=False),
        sa.Column("last_id", sa.Uuid(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("signing_kid", sa.String(length=100), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_seals"),
    )
    op.create_index("uq_audit_seals_previous", "audit_seals", ["table_name", "previous"], unique=True)


def _create_registry() -> None:
    op.create_table(
        "tenants",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("tenant_code", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("display_name", sa.String(length=255), nullable=True),
        sa.Column("domain", sa.String(length=255), nullable=True),
        sa.Column("status", sa.String(length=20), server_default="provisioning", nullable=False),
        sa.Column("subscription_plan", sa.String(length=50), server_default="basic", nullable=False),
        sa.Column("max_users", sa.Integer(), server_default="100", nullable=False),
        sa.Column("max_storage_gb", sa.Integer(), server_default="10", nullable=False),
        sa.Column("epoch", sa.Integer(), server_default="1", nullable=False),
        sa.Column("route_version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('provisioning', 'active', 'suspended', 'inactive', 'failed')", name="ck_tenants_status"
        ),
        sa.CheckConstraint(
            "subscription_plan IN ('basic', 'premium', 'enterprise')", name="ck_tenants_subscription_plan"
        ),
        sa.CheckConstraint("tenant_code ~ '^[a-z][a-z0-9-]{1,48}[a-z0-9]$'", name="ck_tenants_tenant_code"),
        sa.CheckConstraint("domain = lower(domain)", name="ck_tenants_domain"),
        sa.CheckConstraint("max_users > 0 AND max_storage_gb > 0 AND epoch > 0", name="ck_tenants_quotas"),
        sa.PrimaryKeyConstraint("id", name="pk_tenants"),
        sa.UniqueConstraint("domain", name="uq_tenants_domain"),
        sa.UniqueConstraint("tenant_code", name="uq_tenants_tenant_code"),
    )
    op.create_table(
        "operations",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=50), nullable=False),
        sa.Column("state", sa.String(length=20), server_default="running", nullable=False),
        sa.Column("steps", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("request", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column("lease_id", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('running', 'done', 'failed')", name="ck_operations_state"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_operations_tenant_id", ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name="pk_operations"),
    )
    op.create_index("ix_operations_tenant_id", "operations", ["tenant_id", "created_at"], unique=False)
    op.create_index(
        "uq_operations_running", "operations", ["tenant_id"], unique=True, postgresql_where=sa.text("state = 'running'")
    )


def _create_keys() -> None:
    op.create_table(
        "data_keys",
        sa.Column("dek_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("scope", sa.String(length=50), nullable=False),
        sa.Column("kek_version", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_data_keys_tenant_id", ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("dek_id", name="pk_data_keys"),
    )
    op.create_index("ix_data_keys_place", "data_keys", ["tenant_id", "scope", "dek_id"], unique=False)
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.String(length=100), nullable=False),
        sa.Column("issuer", sa.String(length=20), nullable=False),
        sa.Column("public_jwk", postgresql.JSONB(), nullable=False),
        sa.Column("sealed_private", sa.Text(), nullable=False),
        sa.Column("dek_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("issuer IN ('central', 'staff', 'patient')", name="ck_signing_keys_issuer"),
        sa.ForeignKeyConstraint(["dek_id"], ["data_keys.dek_id"], name="fk_signing_keys_dek_id", ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("kid", name="pk_signing_keys"),
    )
    op.create_index("ix_signing_keys_issuer", "signing_keys", ["issuer", "created_at"], unique=False)
    op.create_table(
        "tenant_credentials",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("database_host", sa.String(length=255), nullable=False),
        sa.Column("database_port", sa.Integer(), server_default="5432", nullable=False),
        sa.Column("database_name", sa.String(length=100), nullable=False),
        sa.Column("database_username", sa.String(length=100), nullable=False),
        sa.Column("database_password_encrypted", sa.Text(), nullable=False),
        sa.Column("encryption_algorithm", sa.String(length=20), server_default="AES-256-GCM", nullable=False),
        sa.Column("encryption_key_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('app', 'portal', 'sync', 'seal', 'migrate')", name="ck_tenant_credentials_purpose"
        ),
        sa.CheckConstraint("database_port BETWEEN 1 AND 65535", name="ck_tenant_credentials_database_port"),
        sa.ForeignKeyConstraint(
            ["encryption_key_id"],
            ["data_keys.dek_id"],
            name="fk_tenant_credentials_encryption_key_id",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name="fk_tenant_credentials_tenant_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_tenant_credentials"),
        sa.UniqueConstraint("tenant_id", "purpose", name="uq_tenant_credentials_tenant_id_purpose"),
    )


# Twelve months ahead and no default partition: a row for a month that nobody prepared is an error that somebody sees,
# not a row in a heap from which the month can no longer be cut out.
_AUDIT = (
    """
CREATE FUNCTION ensure_audit_partitions(months_ahead integer DEFAULT 12) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    parent text;
    month timestamp;
    partition text;
    made integer := 0;
BEGIN
    IF months_ahead NOT BETWEEN 0 AND 120 THEN
        RAISE EXCEPTION 'months_ahead must be between 0 and 120';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('ensure_audit_partitions', 0));
    FOREACH parent IN ARRAY ARRAY['admin_audit_logs', 'security_audit_logs'] LOOP
        FOR month IN
            SELECT generate_series(start, start + make_interval(months => months_ahead), interval '1 month')
            FROM (SELECT date_trunc('month', now() AT TIME ZONE 'UTC') AS start) AS this_month
        LOOP
            partition := format('%s_p%s', parent, to_char(month, 'YYYY_MM'));
            IF to_regclass(format('public.%I', partition)) IS NULL THEN
                EXECUTE format(
                    'CREATE TABLE public.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L)',
                    partition, parent,
                    to_char(month, 'YYYY-MM-DD') || ' 00:00:00+00',
                    to_char(month + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00'
                );
                made := made + 1;
            END IF;
        END LOOP;
    END LOOP;
    RETURN made;
END $$
""",
    "SELECT ensure_audit_partitions()",
    """
CREATE FUNCTION record_security_event(tenant uuid, event text, risk text, details jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO public.security_audit_logs (tenant_id, security_event, risk_level, event_details)
    VALUES (tenant, event, risk, coalesce(details, '{}'));
END
""",
)

# A row lock on the tenant orders the versions, so a higher one is always the later change.
_TRIGGERS = (
    """
CREATE FUNCTION bump_route_version() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.route_version := OLD.route_version + 1;
    RETURN NEW;
END $$
""",
    "CREATE TRIGGER bump_route_version BEFORE UPDATE ON tenants FOR EACH ROW EXECUTE FUNCTION bump_route_version()",
    """
CREATE FUNCTION touch_route() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- The other trigger counts; this one only makes it run.
    IF TG_OP <> 'INSERT' THEN
        UPDATE public.tenants SET route_version = route_version WHERE id = OLD.tenant_id;
    END IF;
    IF TG_OP <> 'DELETE' AND (TG_OP = 'INSERT' OR NEW.tenant_id <> OLD.tenant_id) THEN
        UPDATE public.tenants SET route_version = route_version WHERE id = NEW.tenant_id;
    END IF;
    RETURN NULL;
END $$
""",
    """
CREATE TRIGGER touch_route AFTER INSERT OR UPDATE OR DELETE ON tenant_credentials
FOR EACH ROW EXECUTE FUNCTION touch_route()
""",
)

_ROUTE_ROW = """
RETURNS TABLE (
    tenant_id uuid, tenant_code text, name text, status text, route_version bigint,
    database_host text, database_port integer, database_name text, database_username text,
    credential_id uuid, database_password_encrypted text, encryption_key_id uuid
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT t.id, t.tenant_code, t.name, t.status, t.route_version,
        c.database_host, c.database_port, c.database_name, c.database_username,
        c.id, c.database_password_encrypted, c.encryption_key_id
    FROM public.tenants AS t
    LEFT JOIN public.tenant_credentials AS c ON c.tenant_id = t.id AND c.purpose = wanted
"""

_DATA_KEY_ROW = """
RETURNS TABLE (dek_id uuid, tenant_id uuid, scope text, kek_version integer, wrapped text, retired_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT k.dek_id, k.tenant_id, k.scope, k.kek_version, k.wrapped, k.retired_at FROM public.data_keys AS k
"""

# What a process without any right on a table may ask.
_ROUTES = (
    f"CREATE FUNCTION route_tenant(tenant uuid, wanted text) {_ROUTE_ROW} WHERE t.id = tenant; END",
    f"CREATE FUNCTION route_tenant_by_code(code text, wanted text) {_ROUTE_ROW} WHERE t.tenant_code = code; END",
    f"CREATE FUNCTION route_tenant_by_domain(host text, wanted text) {_ROUTE_ROW} WHERE t.domain = lower(host); END",
    """
CREATE FUNCTION route_tenants(wanted text)
RETURNS TABLE (tenant_id uuid, tenant_code text, status text, route_version bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT t.id, t.tenant_code, t.status, t.route_version
    FROM public.tenants AS t JOIN public.tenant_credentials AS c ON c.tenant_id = t.id AND c.purpose = wanted
    ORDER BY t.id;
END
""",
    f"CREATE FUNCTION route_data_key(dek uuid) {_DATA_KEY_ROW} WHERE k.dek_id = dek; END",
    f"""
CREATE FUNCTION route_current_data_key(tenant uuid, wanted text) {_DATA_KEY_ROW}
    WHERE k.scope = wanted AND k.retired_at IS NULL
        AND ((tenant IS NULL AND k.tenant_id IS NULL) OR k.tenant_id = tenant)
    ORDER BY k.dek_id DESC LIMIT 1;
END
""",
    """
CREATE FUNCTION route_signing_key(wanted text)
RETURNS TABLE (
    kid text, issuer text, public_jwk jsonb, sealed_private text, dek_id uuid,
    created_at timestamptz, not_after timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT s.kid, s.issuer, s.public_jwk, s.sealed_private, s.dek_id, s.created_at, s.not_after
    FROM public.signing_keys AS s
    WHERE s.issuer = wanted AND (s.not_after IS NULL OR s.not_after > now())
    ORDER BY s.created_at DESC, s.kid LIMIT 1;
END
""",
    """
CREATE FUNCTION route_public_keys(wanted text)
RETURNS TABLE (kid text, issuer text, public_jwk jsonb, created_at timestamptz, not_after timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT s.kid, s.issuer, s.public_jwk, s.created_at, s.not_after FROM public.signing_keys AS s
    WHERE s.issuer = wanted AND (s.not_after IS NULL OR s.not_after > now())
    ORDER BY s.created_at DESC, s.kid;
END
""",
)

_ROUTE_FUNCTIONS = (
    "route_tenant(uuid, text)",
    "route_tenant_by_code(text, text)",
    "route_tenant_by_domain(text, text)",
    "route_tenants(text)",
    "route_data_key(uuid)",
    "route_current_data_key(uuid, text)",
    "route_signing_key(text)",
    "route_public_keys(text)",
    "record_security_event(uuid, text, text, jsonb)",
)

_FUNCTIONS = (*_ROUTE_FUNCTIONS, "ensure_audit_partitions(integer)", "touch_route()", "bump_route_version()")

# The console writes sealed passwords and can read none. Audit tables take new rows only, from everybody.
_CREDENTIAL_COLUMNS = (
    "id, tenant_id, purpose, database_host, database_port, database_name, database_username, encryption_algorithm,"
    " encryption_key_id, created_at, rotated_at"
)
_GRANTS = (
    "GRANT USAGE ON SCHEMA public TO sokham_console, sokham_ingest, sokham_route, sokham_seal",
    "GRANT SELECT, INSERT, UPDATE ON tenants, operations, data_keys TO sokham_console",
    "GRANT SELECT, INSERT ON signing_keys TO sokham_console",
    "GRANT UPDATE (not_after) ON signing_keys TO sokham_console",
    f"GRANT SELECT ({_CREDENTIAL_COLUMNS}) ON tenant_credentials TO sokham_console",
    "GRANT INSERT, UPDATE ON tenant_credentials TO sokham_console",
    "GRANT SELECT, INSERT ON admin_audit_logs, security_audit_logs TO sokham_console",
    "GRANT SELECT ON audit_seals TO sokham_console",
    "GRANT SELECT ON tenants, data_keys TO sokham_ingest",
    "GRANT INSERT ON security_audit_logs TO sokham_ingest",
    f"GRANT EXECUTE ON FUNCTION {', '.join(_ROUTE_FUNCTIONS)} TO sokham_route",
    "GRANT SELECT ON admin_audit_logs, security_audit_logs TO sokham_seal",
    "GRANT SELECT, INSERT ON audit_seals TO sokham_seal",
    "GRANT EXECUTE ON FUNCTION ensure_audit_partitions(integer) TO sokham_seal",
)
