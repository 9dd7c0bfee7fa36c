DROP FUNCTION grant_patient_notifications(name, name, name, name);
DROP TRIGGER patient_notice_of_new ON appointments;
DROP TRIGGER patient_notice_of_changed ON appointments;
DROP TRIGGER patient_notice_of_call ON queue_steps;
DROP TRIGGER patient_notice_of_sent ON appointment_reminders;
DROP TRIGGER patient_notice_of_guardian ON patient_contacts;
DROP FUNCTION patient_notice_of_guardian, patient_notice_of_reminder, patient_notice_of_call, patient_notice_of_appointment,
    give_patient_notice;
DROP TABLE patient_notifications;

CREATE OR REPLACE FUNCTION prune_notices(batch_size integer) RETURNS TABLE (kind text, removed bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF batch_size IS NULL OR batch_size NOT BETWEEN 1 AND 100000 THEN
        RAISE EXCEPTION 'batch_size must be between 1 and 100000';
    END IF;
    kind := 'notices';
    DELETE FROM public.notices WHERE ctid = ANY (ARRAY(
        SELECT n.ctid FROM public.notices n
        WHERE n.made_at < now() - interval '30 days' AND (n.read_at IS NOT NULL OR n.made_at < now() - interval '90 days')
        LIMIT batch_size));
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
END
$$;
