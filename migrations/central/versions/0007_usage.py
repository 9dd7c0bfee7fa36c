"""How much each hospital was used, by its days."""

from alembic import op

revision: str = "0007_usage"
down_revision: str | None = "0006_second_factor"
branch_labels: None = None
depends_on: None = None

_UP = """
CREATE TABLE tenant_usage_stats (
    tenant_id uuid NOT NULL,
    date date NOT NULL,
    epoch integer NOT NULL,
    n bigint NOT NULL,
    active_users bigint NOT NULL,
    active_patients bigint NOT NULL,
    total_patients bigint NOT NULL,
    new_patients bigint NOT NULL,
    total_appointments bigint NOT NULL,
    completed_appointments bigint NOT NULL,
    missed_appointments bigint NOT NULL,
    queue_numbers bigint NOT NULL,
    user_accounts bigint,
    storage_used_mb bigint,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_tenant_usage_stats PRIMARY KEY (tenant_id, date),
    CONSTRAINT fk_tenant_usage_stats_tenant_id FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE RESTRICT
);
GRANT SELECT ON tenant_usage_stats TO sokham_console;
GRANT SELECT, INSERT, UPDATE ON tenant_usage_stats TO sokham_ingest;
"""


def upgrade() -> None:
    """Apply."""
    op.execute(_UP)


def downgrade() -> None:
    """Undo. Hospitals tell their last days again once the table is back and a figure has changed."""
    op.execute("DROP TABLE tenant_usage_stats")
