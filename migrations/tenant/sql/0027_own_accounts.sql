-- A hospital's own accounts for sending: sealed settings, which the jobs' role reads through functions; and by which
-- account a reminder was handed over, because only that one can be asked whether it was taken.

ALTER TABLE system_configs ADD COLUMN is_encrypted boolean DEFAULT false NOT NULL;
ALTER TABLE system_configs DROP CONSTRAINT ck_system_configs_config_type;
ALTER TABLE system_configs
    ADD CONSTRAINT ck_system_configs_config_type
        CHECK (config_type IN ('number', 'switch', 'roles', 'choice', 'text', 'secret')),
    ADD CONSTRAINT ck_system_configs_encrypted
        CHECK (is_encrypted = (config_type = 'secret') AND (NOT is_encrypted OR config_value LIKE 's1.%'));

ALTER TABLE appointment_reminders ADD COLUMN via varchar(100);

CREATE FUNCTION messaging_settings() RETURNS TABLE (id uuid, config_key varchar, config_value text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT c.id, c.config_key, c.config_value FROM system_configs c
    WHERE c.portal = 'hospital' AND starts_with(c.config_key, 'messaging.')
$$;

-- As before, and by which account.
CREATE FUNCTION reminders_hand_over(p_claim uuid, p_reminder uuid, p_lease_seconds double precision, p_via text) RETURNS text
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    said text := reminders_hand_over(p_claim, p_reminder, p_lease_seconds);
BEGIN
    IF said = 'go' THEN
        UPDATE appointment_reminders r SET via = left(p_via, 100) WHERE r.id = p_reminder;
    END IF;
    RETURN said;
END
$$;

-- Of what a claim holds, by which account it was perhaps handed over.
CREATE FUNCTION reminders_via(p_claim uuid) RETURNS TABLE (id uuid, via varchar)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT r.id, r.via FROM appointment_reminders r WHERE r.claim_id = p_claim AND r.status = 'sending'
$$;

-- The jobs see a data key of these accounts by its id, and no other of the hospital's.
CREATE FUNCTION messaging_data_key(p_dek uuid)
    RETURNS TABLE (dek_id uuid, scope varchar, kek_version integer, wrapped text, retired_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT k.dek_id, k.scope, k.kek_version, k.wrapped, k.retired_at FROM data_keys k
    WHERE k.dek_id = p_dek AND k.scope = 'messaging'
$$;

CREATE FUNCTION grant_own_accounts(app name, portal name, sync name, seal name) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
    EXECUTE format($sql$
        GRANT EXECUTE ON FUNCTION messaging_settings(), messaging_data_key(uuid), reminders_via(uuid),
            reminders_hand_over(uuid, uuid, double precision, text) TO %4$I;
    $sql$, app, portal, sync, seal);
END
$grants$;
REVOKE ALL ON FUNCTION grant_own_accounts(name, name, name, name) FROM PUBLIC;
