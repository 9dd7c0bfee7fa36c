DROP TRIGGER tr_schedule_exceptions_department_open ON schedule_exceptions;
DROP TRIGGER tr_doctor_schedules_department_open ON doctor_schedules;
DROP TRIGGER tr_users_department_open ON users;
DROP TRIGGER tr_queue_entries_department_still_open ON queue_entries;
DROP TRIGGER tr_queue_entries_department_open ON queue_entries;
DROP TRIGGER tr_appointments_department_open ON appointments;
DROP FUNCTION department_must_be_open();
ALTER TABLE departments DROP COLUMN position;
