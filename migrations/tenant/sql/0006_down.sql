-- What has run out goes, as 0004 has it.
CREATE OR REPLACE FUNCTION prune_expired(batch_size integer) RETURNS TABLE (kind text, removed bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF batch_size IS NULL OR batch_size NOT BETWEEN 1 AND 100000 THEN
        RAISE EXCEPTION 'batch_size must be between 1 and 100000';
    END IF;
    kind := 'idempotency_keys';
    DELETE FROM public.idempotency_keys WHERE ctid = ANY (ARRAY(
        SELECT k.ctid FROM public.idempotency_keys k
        WHERE k.created_at < now() - interval '24 hours' LIMIT batch_size));
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
    kind := 'staff_sessions';
    DELETE FROM public.staff_sessions WHERE ctid = ANY (ARRAY(
        SELECT s.ctid FROM public.staff_sessions s
        WHERE coalesce(s.ended_at, s.expires_at) < now() - interval '30 days' LIMIT batch_size));
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
    kind := 'staff_refresh_tokens';
    DELETE FROM public.staff_refresh_tokens WHERE ctid = ANY (ARRAY(
        SELECT t.ctid FROM public.staff_refresh_tokens t
        WHERE t.expires_at < now() - interval '30 days' LIMIT batch_size));
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
    kind := 'staff_sign_in_failures';
    DELETE FROM public.staff_sign_in_failures WHERE ctid = ANY (ARRAY(
        SELECT f.ctid FROM public.staff_sign_in_failures f
        WHERE greatest(f.last_failed_at, f.locked_until) < now() - interval '30 days' LIMIT batch_size));
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
    kind := 'patient_sessions';
    DELETE FROM public.patient_sessions WHERE ctid = ANY (ARRAY(
        SELECT s.ctid FROM public.patient_sessions s
        WHERE coalesce(s.ended_at, s.expires_at) < now() - interval '30 days' LIMIT batch_size));
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
    kind := 'patient_refresh_tokens';
    DELETE FROM public.patient_refresh_tokens WHERE ctid = ANY (ARRAY(
        SELECT t.ctid FROM public.patient_refresh_tokens t
        WHERE t.expires_at < now() - interval '30 days' LIMIT batch_size));
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
    kind := 'patient_sign_in_failures';
    DELETE FROM public.patient_sign_in_failures WHERE ctid = ANY (ARRAY(
        SELECT f.ctid FROM public.patient_sign_in_failures f
        WHERE greatest(f.last_failed_at, f.locked_until) < now() - interval '30 days' LIMIT batch_size));
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
    -- Ids grow with time, so the primary key finds the old ones. A settled event stays while another of the same
    -- patient is unsettled: sync_settle looks there for what was later.
    kind := 'outbox';
    DELETE FROM public.outbox WHERE ctid = ANY (ARRAY(
        SELECT o.ctid FROM public.outbox o
        WHERE o.id < uuidv7(interval '-30 days') AND o.state IN ('settled', 'discarded')
            AND coalesce(o.settled_at, o.created_at) < now() - interval '30 days'
            AND NOT EXISTS (
                SELECT FROM public.outbox open
                WHERE open.aggregate_id = o.aggregate_id AND open.state IN ('pending', 'claimed', 'dead'))
        LIMIT batch_size));
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
END
$$;
