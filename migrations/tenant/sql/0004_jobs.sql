-- What the jobs do in a hospital's database.

ALTER TABLE audit_seals ALTER COLUMN signature SET NOT NULL, ALTER COLUMN key_id SET NOT NULL;

-- What has run out goes, at most `batch_size` rows of each kind a call. The times stand here and not in an argument, so
-- that whoever takes the role over cannot delete what is in use.
CREATE FUNCTION prune_expired(batch_size integer) RETURNS TABLE (kind text, removed bigint)
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

-- Called after grant_hospital_core, whose rights on the audit log and the data keys it narrows: who writes an audit row
-- says what happened, and not when nor in which transaction (such a row would never be sealed, or would look as if
-- somebody had put it there later), and the key that seals is not in this database.
CREATE FUNCTION grant_jobs(app name, portal name, sync name, seal name) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
    EXECUTE format($sql$
        REVOKE INSERT ON audit_logs FROM %1$I, %2$I;
        GRANT INSERT (actor_kind, user_id, portal, action, resource_type, resource_id, patient_id, changed, request_id,
            ip_address, user_agent) ON audit_logs TO %1$I, %2$I;
        REVOKE ALL ON data_keys FROM %4$I;
        GRANT EXECUTE ON FUNCTION prune_expired(integer) TO %4$I;
    $sql$, app, portal, sync, seal);
END
$grants$;
