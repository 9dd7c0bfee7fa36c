DROP FUNCTION grant_own_accounts(name, name, name, name);
DROP FUNCTION messaging_data_key(uuid);
DROP FUNCTION reminders_via(uuid);
DROP FUNCTION reminders_hand_over(uuid, uuid, double precision, text);
DROP FUNCTION messaging_settings();
ALTER TABLE appointment_reminders DROP COLUMN via;
DELETE FROM system_configs WHERE config_type IN ('choice', 'text', 'secret');
ALTER TABLE system_configs DROP CONSTRAINT ck_system_configs_encrypted, DROP CONSTRAINT ck_system_configs_config_type;
ALTER TABLE system_configs
    ADD CONSTRAINT ck_system_configs_config_type CHECK (config_type IN ('number', 'switch', 'roles'));
ALTER TABLE system_configs DROP COLUMN is_encrypted;
