DROP FUNCTION grant_schedules(name, name, name, name);
DROP FUNCTION booking_patient_status(uuid);
DROP TABLE appointment_moves;
ALTER TABLE appointments DROP COLUMN outside_reason;
DROP TABLE schedule_exceptions;
DROP TABLE doctor_schedules;
UPDATE roles SET permissions = permissions - 'schedule.manage' - 'schedule.own';
