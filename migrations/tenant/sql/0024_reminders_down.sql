UPDATE roles SET permissions = permissions - 'reminder.send';
DROP FUNCTION grant_reminders;
DROP TRIGGER plan_reminders_of_new ON appointments;
DROP TRIGGER plan_reminders_of_changed ON appointments;
DROP FUNCTION mark_no_shows, reminders_overdue, reminders_settle, reminders_hand_over, reminders_claim, reminder_obstacle,
    plan_reminders_of_row, plan_reminders, reminders_wanted, reminder_time, reminder_quiet;
DROP TABLE appointment_reminders, patient_portal_preferences, reminder_settings;
UPDATE appointments SET status = 'cancelled', cancelled_at = no_show_at, cancelled_by_kind = 'staff',
    cancellation_reason = 'Người bệnh không đến' WHERE status = 'no_show';
DROP INDEX ix_appointments_no_show;
ALTER TABLE appointments DROP COLUMN no_show_at, DROP CONSTRAINT ck_appointments_status;
ALTER TABLE appointments ADD CONSTRAINT ck_appointments_status CHECK (status IN ('scheduled', 'confirmed', 'in_progress', 'completed', 'cancelled'));
