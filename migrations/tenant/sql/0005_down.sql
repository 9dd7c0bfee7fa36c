-- Redeeming an activation code. A wrong code is a try, which the caller must commit although nothing comes back.
CREATE OR REPLACE FUNCTION portal_redeem_invite(wanted_system text, wanted_value text, given_hash bytea)
RETURNS TABLE (invite_id uuid, patient_id uuid, account_id uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    live portal_invites%ROWTYPE;
BEGIN
    SELECT v.* INTO live
    FROM portal_invites v
    JOIN patient_identifiers i ON i.patient_id = v.patient_id
    JOIN patients p ON p.id = v.patient_id AND p.status = 'active'
    WHERE i.system = wanted_system AND i.value = wanted_value AND i.valid_to IS NULL
        AND v.used_at IS NULL AND v.replaced_at IS NULL AND v.expires_at > now() AND v.tries < 5
    FOR UPDATE OF v;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF live.code_hash <> given_hash THEN
        UPDATE portal_invites SET tries = tries + 1 WHERE id = live.id;
        RETURN;
    END IF;
    UPDATE portal_invites SET used_at = now() WHERE id = live.id;
    RETURN QUERY
        SELECT live.id, live.patient_id, a.id
        FROM (SELECT 1) one LEFT JOIN patient_users a ON a.patient_id = live.patient_id;
END
$$;
