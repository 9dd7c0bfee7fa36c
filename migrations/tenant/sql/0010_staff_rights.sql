-- If-Match of a role's change.
ALTER TABLE roles ADD COLUMN version bigint DEFAULT 1 NOT NULL;

-- Which rights somebody had before and after. Never about a patient: those rows name fields only.
ALTER TABLE audit_logs ADD COLUMN old_values jsonb, ADD COLUMN new_values jsonb;

-- Hospitals that exist: their administrators get the permissions that came with this revision.
UPDATE roles SET permissions = (
    SELECT jsonb_agg(held.name ORDER BY held.name COLLATE "C")
    FROM (
        SELECT jsonb_array_elements_text(roles.permissions) AS name
        UNION SELECT unnest(ARRAY['role.manage', 'staff.manage'])
    ) AS held
), updated_at = now()
WHERE name = 'admin';

-- Called after grant_jobs, which says anew what may be written into an audit row.
CREATE FUNCTION grant_staff_rights(app name, portal name, sync name, seal name) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
    EXECUTE format($sql$
        GRANT DELETE ON roles TO %1$I;
        GRANT INSERT (old_values, new_values) ON audit_logs TO %1$I;
    $sql$, app);
END
$grants$;
REVOKE ALL ON FUNCTION grant_staff_rights(name, name, name, name) FROM PUBLIC;
