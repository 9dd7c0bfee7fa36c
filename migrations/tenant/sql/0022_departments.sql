-- The order of departments, and closing them: nobody is booked, put or sent where it is closed.

ALTER TABLE departments ADD COLUMN position integer DEFAULT 0 NOT NULL;

-- Closing takes the row's lock (FOR UPDATE), which waits for whoever shares its key; whoever comes while it is held waits
-- here, and sees what came of it. It runs as the owner, because the portal's role may lock no department.
CREATE FUNCTION department_must_be_open() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM 1 FROM departments WHERE id = NEW.department_id AND status = 'active' FOR KEY SHARE;
    -- A department that is not there is refused by the foreign key.
    IF NOT FOUND AND EXISTS (SELECT FROM departments WHERE id = NEW.department_id) THEN
        RAISE EXCEPTION 'the department is closed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_departments_open', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER tr_appointments_department_open BEFORE INSERT OR UPDATE OF department_id ON appointments
    FOR EACH ROW WHEN (NEW.status IN ('scheduled', 'confirmed', 'in_progress'))
    EXECUTE FUNCTION department_must_be_open();
CREATE TRIGGER tr_queue_entries_department_open BEFORE INSERT ON queue_entries
    FOR EACH ROW WHEN (NEW.status IN ('waiting', 'called', 'in_room'))
    EXECUTE FUNCTION department_must_be_open();
-- Undoing a step may bring a number back that had ended.
CREATE TRIGGER tr_queue_entries_department_still_open BEFORE UPDATE OF status ON queue_entries
    FOR EACH ROW WHEN (
        NEW.status IN ('waiting', 'called', 'in_room') AND OLD.status NOT IN ('waiting', 'called', 'in_room')
    )
    EXECUTE FUNCTION department_must_be_open();
CREATE TRIGGER tr_users_department_open BEFORE INSERT OR UPDATE OF department_id, status ON users
    FOR EACH ROW WHEN (NEW.department_id IS NOT NULL AND NEW.status <> 'inactive')
    EXECUTE FUNCTION department_must_be_open();
CREATE TRIGGER tr_doctor_schedules_department_open BEFORE INSERT OR UPDATE OF department_id, valid_until ON doctor_schedules
    FOR EACH ROW WHEN (NEW.valid_until IS NULL OR NEW.valid_until >= current_date)
    EXECUTE FUNCTION department_must_be_open();
CREATE TRIGGER tr_schedule_exceptions_department_open BEFORE INSERT ON schedule_exceptions
    FOR EACH ROW WHEN (NEW.department_id IS NOT NULL)
    EXECUTE FUNCTION department_must_be_open();
