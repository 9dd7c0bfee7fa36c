-- Whoever found the slip of paper with a code still needs the CCCD, which has few secrets (10^6 for a known province, sex
-- and year of birth). So a right code shown with a wrong number is a try as well: five of them, and the code is dead.
CREATE INDEX ix_portal_invites_code_hash ON portal_invites (code_hash) WHERE used_at IS NULL AND replaced_at IS NULL;

CREATE OR REPLACE FUNCTION portal_redeem_invite(wanted_system text, wanted_value text, given_hash bytea)
RETURNS TABLE (invite_id uuid, patient_id uuid, account_id uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    owner uuid;
    live portal_invites%ROWTYPE;
BEGIN
    SELECT p.id INTO owner
    FROM patient_identifiers i
    JOIN patients p ON p.id = i.patient_id AND p.status = 'active'
    WHERE i.system = wanted_system AND i.value = wanted_value AND i.valid_to IS NULL;

    SELECT v.* INTO live
    FROM portal_invites v
    WHERE v.patient_id = owner AND v.code_hash = given_hash
        AND v.used_at IS NULL AND v.replaced_at IS NULL AND v.expires_at > now() AND v.tries < 5
    FOR UPDATE;
    IF NOT FOUND THEN
        -- The number's own code was guessed wrongly, or somebody else's code was shown with this number, or both.
        UPDATE portal_invites v SET tries = v.tries + 1
        WHERE v.id IN (
            SELECT w.id FROM portal_invites w
            WHERE (w.patient_id = owner OR w.code_hash = given_hash)
                AND w.used_at IS NULL AND w.replaced_at IS NULL AND w.expires_at > now() AND w.tries < 5
            ORDER BY w.id
            FOR UPDATE
        );
        RETURN;
    END IF;
    UPDATE portal_invites SET used_at = now() WHERE id = live.id;
    RETURN QUERY
        SELECT live.id, live.patient_id, a.id
        FROM (SELECT 1) one LEFT JOIN patient_users a ON a.patient_id = live.patient_id;
END
$$;
