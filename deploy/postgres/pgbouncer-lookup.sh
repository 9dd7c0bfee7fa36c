#!/bin/sh
# Runs once, when the hospitals' server is made: PgBouncer's account, and the one function that it may call.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$(cat /run/secrets/password_pgbouncer)" --username postgres --dbname postgres <<'SQL'
CREATE ROLE pgbouncer LOGIN NOINHERIT CONNECTION LIMIT 10 PASSWORD :'password';
-- Hospitals' roles only: nobody reaches the superuser or the provisioner through the pooler.
CREATE FUNCTION sokham_pgbouncer_lookup(asked name) RETURNS TABLE (usename name, passwd text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$ SELECT s.usename, s.passwd FROM pg_catalog.pg_shadow s WHERE s.usename = asked AND s.usename ~ '^h_' $$;
REVOKE ALL ON FUNCTION sokham_pgbouncer_lookup(name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sokham_pgbouncer_lookup(name) TO pgbouncer;
GRANT CONNECT ON DATABASE postgres TO pgbouncer;
SQL
