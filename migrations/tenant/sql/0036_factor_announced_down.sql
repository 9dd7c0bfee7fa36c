DROP TRIGGER notice_of_own_factor ON users;
DROP TRIGGER notice_of_demand ON user_roles;
DROP TRIGGER notice_of_demand ON roles;
DROP FUNCTION notice_of_own_factor, notice_of_factor, tell_of_factor;
DELETE FROM notices WHERE kind = 'factor.demanded';
ALTER TABLE notices DROP CONSTRAINT ck_notices_kind;
ALTER TABLE notices ADD CONSTRAINT ck_notices_kind CHECK (kind IN ('appointment.booked', 'appointment.moved', 'appointment.cancelled', 'patient.arrived', 'patient.called', 'import.finished', 'reminder.failed', 'access.unusual'));
ALTER TABLE roles DROP CONSTRAINT ck_roles_mfa_from, DROP COLUMN mfa_from;
