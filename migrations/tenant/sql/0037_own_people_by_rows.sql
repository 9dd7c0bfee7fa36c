-- As before, with the one to call first from patient_contacts. patients.emergency_contact and patients.allergies are read by
-- nothing any more; they are written for the version before, and the next may drop them.
CREATE OR REPLACE FUNCTION access_to_own_people(wanted_user uuid, wanted_patients uuid[])
RETURNS TABLE (patient_id uuid, own boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH me AS (
        SELECT lower(u.full_name) AS name, split_part(lower(u.full_name), ' ', 1) AS family,
            nullif(regexp_replace(regexp_replace(u.phone, '[^0-9]', '', 'g'), '^84', '0'), '') AS phone
        FROM users u WHERE u.id = wanted_user
    ), mine AS (
        SELECT p.id, lower(btrim(p.address)) AS address
        FROM patients p JOIN me ON p.phone = me.phone AND lower(p.full_name) = me.name
    )
    SELECT p.id, EXISTS (SELECT FROM mine WHERE mine.id = p.id)
    FROM patients p CROSS JOIN me
    WHERE p.id = ANY (wanted_patients) AND (
        EXISTS (SELECT FROM mine WHERE mine.id = p.id)
        OR (split_part(lower(p.full_name), ' ', 1) = me.family AND (
            p.phone = me.phone
            OR EXISTS (
                SELECT FROM patient_contacts c
                WHERE c.patient_id = p.id AND c.call_first AND c.ended_at IS NULL
                    AND regexp_replace(regexp_replace(c.phone, '[^0-9]', '', 'g'), '^84', '0') = me.phone)
            OR EXISTS (SELECT FROM mine WHERE mine.address <> '' AND mine.address = lower(btrim(p.address)))
        ))
    )
$$;
