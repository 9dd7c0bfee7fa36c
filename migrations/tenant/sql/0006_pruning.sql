-- What has run out goes, at most `batch_size` rows of each kind a call. The times stand here and not in an argument, so
-- that whoever takes the role over cannot delete what is in use.
--
-- Nothing here is part of a medical record or of an audit log. That a link or an invite was made, used and ended stands
-- in `audit_logs`, and each signing-in in `patient_login_logs`, which stay; the rows themselves stay for a year after
-- their end, for whoever has to answer who could see what, and when.
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
    kind := 'patient_links';
    DELETE FROM public.patient_links WHERE ctid = ANY (ARRAY(
        SELECT l.ctid FROM public.patient_links l
        WHERE l.ended_at < now() - interval '1 year' LIMIT batch_size));
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
    kind := 'portal_invites';
    DELETE FROM public.portal_invites WHERE ctid = ANY (ARRAY(
        SELECT i.ctid FROM public.portal_invites i
        WHERE i.expires_at < now() - interval '1 year' LIMIT batch_size));
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
    kind := 'staff_invites';
    DELETE FROM public.staff_invites WHERE ctid = ANY (ARRAY(
        SELECT i.ctid FROM public.staff_invites i
        WHERE i.expires_at < now() - interval '1 year' LIMIT batch_size));
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
    -- Ids grow with time, so the primary key finds the old ones. A settled event stays while another of the same
    -- patient is unsettled: sync_settle looks there for what was later. An erasure stays for good, unless it was
    -- discarded: central is told it again after it was restored. Dead events wait for a decision.
    kind := 'outbox';
    DELETE FROM public.outbox WHERE ctid = ANY (ARRAY(
        SELECT o.ctid FROM public.outbox o
        WHERE o.id < uuidv7(interval '-30 days') AND o.state IN ('settled', 'discarded')
            AND coalesce(o.settled_at, o.created_at) < now() - interval '30 days'
            AND (o.event_type <> 'patient.erased' OR o.state = 'discarded')
            AND NOT EXISTS (
                SELECT FROM public.outbox open
                WHERE open.aggregate_id = o.aggregate_id AND open.state IN ('pending', 'claimed', 'dead'))
        LIMIT batch_size));
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
END
$$;
