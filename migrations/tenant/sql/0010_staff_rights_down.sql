DROP FUNCTION grant_staff_rights(name, name, name, name);
UPDATE roles SET permissions = permissions - 'role.manage' - 'staff.manage';
ALTER TABLE audit_logs DROP COLUMN old_values, DROP COLUMN new_values;
ALTER TABLE roles DROP COLUMN version;
