-- How far a role reaches (docs/adr/0013). What a hospital made itself goes on reaching everything.
ALTER TABLE roles
    ADD COLUMN reach varchar(20) DEFAULT 'hospital' NOT NULL,
    ADD CONSTRAINT ck_roles_reach CHECK (reach IN ('departments', 'hospital'));

-- As tenant_app.staff.permissions gives it to new hospitals, but only where each who has the role has a department, or a
-- schedule that puts them into one: nobody comes to work and sees nothing. A hospital's administrators decide the rest.
UPDATE roles SET reach = 'departments', version = version + 1, updated_at = now()
WHERE name IN ('doctor', 'nurse') AND NOT EXISTS (
    SELECT FROM user_roles held
    JOIN users person ON person.id = held.user_id
    WHERE held.role_id = roles.id AND person.status <> 'inactive' AND person.department_id IS NULL
        AND NOT EXISTS (
            SELECT FROM doctor_schedules hours
            WHERE hours.doctor_id = person.id AND (hours.valid_until IS NULL OR hours.valid_until >= current_date)
        )
);
