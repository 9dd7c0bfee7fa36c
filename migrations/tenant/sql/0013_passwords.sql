-- Earlier passwords of staff (specification: password history), so that they do not come back soon. Only the hashes of
-- the last four are kept: with the present one, five are refused.
CREATE TABLE password_history (
    id uuid NOT NULL DEFAULT uuidv7(),
    account_id uuid NOT NULL,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_password_history PRIMARY KEY (id),
    CONSTRAINT fk_password_history_account_id FOREIGN KEY (account_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX ix_password_history_account_id ON password_history (account_id);

CREATE FUNCTION grant_passwords(app name, portal name, sync name, seal name) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, DELETE ON password_history TO %I', app);
END
$grants$;
REVOKE ALL ON FUNCTION grant_passwords(name, name, name, name) FROM PUBLIC;
