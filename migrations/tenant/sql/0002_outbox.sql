-- The outbox and the sync's functions. The sync role has no right on the tables: it claims, settles and reports through
-- these functions only, which run as the owner.

CREATE TABLE outbox (
    id uuid DEFAULT uuidv7() NOT NULL,
    aggregate_type varchar(50) NOT NULL,
    aggregate_id uuid NOT NULL,
    event_type varchar(100) NOT NULL,
    epoch integer NOT NULL,
    n bigint NOT NULL,
    payload jsonb NOT NULL,
    state varchar(20) DEFAULT 'pending' NOT NULL,
    claim_id uuid,
    lease_until timestamptz,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamptz DEFAULT now() NOT NULL,
    last_error varchar(100),
    history jsonb DEFAULT '[]'::jsonb NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    settled_at timestamptz,
    CONSTRAINT pk_outbox PRIMARY KEY (id),
    CONSTRAINT ck_outbox_state CHECK (state IN ('pending', 'claimed', 'settled', 'dead', 'discarded')),
    CONSTRAINT ck_outbox_version CHECK (epoch >= 1 AND n >= 1),
    CONSTRAINT ck_outbox_claim CHECK ((state = 'claimed') = (claim_id IS NOT NULL))
);
CREATE INDEX ix_outbox_due ON outbox (next_attempt_at) WHERE state IN ('pending', 'claimed');
CREATE INDEX ix_outbox_dead ON outbox (id) WHERE state = 'dead';
CREATE INDEX ix_outbox_aggregate ON outbox (aggregate_id, epoch, n);

CREATE TABLE sync_signing_keys (
    kid varchar(100) NOT NULL,
    issuer varchar(100) NOT NULL,
    public_jwk jsonb NOT NULL,
    sealed_private text NOT NULL,
    dek_id uuid NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    not_after timestamptz NOT NULL,
    CONSTRAINT pk_sync_signing_keys PRIMARY KEY (kid)
);

-- A table that grows and shrinks all day has no statistics to trust, and a plan that a long-lived connection remembers
-- from when it was empty would read all of it for each row: so claiming and settling are planned anew each time, and by
-- index. That only a claimed row has a claim's id is a constraint, so the id alone is asked for: with the state too, the
-- index of what is due would look like the better way to a single row.

-- Claims what is due, pending or left by a worker whose lease ran out.
CREATE FUNCTION sync_claim(p_claim uuid, p_limit integer, p_lease_seconds double precision)
    RETURNS TABLE (id uuid, aggregate_type varchar, aggregate_id uuid, event_type varchar, epoch integer, n bigint,
        payload text, attempts integer, created_at timestamptz)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
    SET plan_cache_mode = force_custom_plan SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
        UPDATE outbox o
        SET state = 'claimed', claim_id = p_claim, lease_until = now() + make_interval(secs => p_lease_seconds),
            next_attempt_at = now() + make_interval(secs => p_lease_seconds)
        WHERE o.id = ANY (ARRAY(
            SELECT d.id FROM outbox d
            WHERE d.state IN ('pending', 'claimed') AND d.next_attempt_at <= now()
            ORDER BY d.next_attempt_at
            LIMIT p_limit
            FOR UPDATE SKIP LOCKED))
        RETURNING o.id, o.aggregate_type, o.aggregate_id, o.event_type, o.epoch, o.n, o.payload::text, o.attempts,
            o.created_at;
END
$$;

-- Central has these events. Writes back which person a patient is, unless a later event of the patient was already
-- settled: its answer is the newer one. The payload has done its work and goes.
CREATE FUNCTION sync_settle(p_claim uuid, p_events uuid[], p_persons uuid[]) RETURNS integer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
    SET plan_cache_mode = force_custom_plan SET enable_seqscan = off AS $$
DECLARE
    settled integer;
BEGIN
    WITH done AS (
        UPDATE outbox o
        SET state = 'settled', settled_at = now(), payload = '{}'::jsonb, claim_id = NULL, lease_until = NULL,
            last_error = NULL
        WHERE o.id = ANY (p_events) AND o.claim_id = p_claim
        RETURNING o.id, o.aggregate_type, o.aggregate_id, o.epoch, o.n
    ), newest AS (
        SELECT DISTINCT ON (d.aggregate_id) d.aggregate_id, d.epoch, d.n, answer.person_id
        FROM done d JOIN unnest(p_events, p_persons) AS answer (event_id, person_id) ON answer.event_id = d.id
        WHERE d.aggregate_type = 'patient' AND answer.person_id IS NOT NULL
        ORDER BY d.aggregate_id, d.epoch DESC, d.n DESC
    ), written AS (
        UPDATE patients p
        SET patient_global_id = newest.person_id, global_id_state = 'settled'
        FROM newest
        WHERE p.id = newest.aggregate_id
          AND (p.patient_global_id <> newest.person_id OR p.global_id_state <> 'settled')
          AND NOT EXISTS (
              SELECT 1 FROM outbox later
              WHERE later.aggregate_id = newest.aggregate_id AND later.state = 'settled'
                AND (later.epoch, later.n) > (newest.epoch, newest.n))
    )
    SELECT count(*) INTO settled FROM done;
    RETURN settled;
END
$$;

-- These failed by themselves: each is tried again after its own time, and remembers why.
CREATE FUNCTION sync_fail(p_claim uuid, p_events uuid[], p_reasons text[], p_after_seconds double precision[])
    RETURNS integer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    failed integer;
BEGIN
    UPDATE outbox o
    SET state = 'pending', claim_id = NULL, lease_until = NULL, attempts = o.attempts + 1,
        next_attempt_at = now() + make_interval(secs => f.after_seconds), last_error = left(f.reason, 100),
        history = sync_remembered(o.history, f.reason)
    FROM unnest(p_events, p_reasons, p_after_seconds) AS f (event_id, reason, after_seconds)
    WHERE o.id = f.event_id AND o.claim_id = p_claim;
    GET DIAGNOSTICS failed = ROW_COUNT;
    RETURN failed;
END
$$;

-- Given up: they stay, with payload and history, until somebody has them replayed or discarded.
CREATE FUNCTION sync_bury(p_claim uuid, p_events uuid[], p_reasons text[]) RETURNS integer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    buried integer;
BEGIN
    UPDATE outbox o
    SET state = 'dead', claim_id = NULL, lease_until = NULL, attempts = o.attempts + 1, last_error = left(f.reason, 100),
        history = sync_remembered(o.history, f.reason)
    FROM unnest(p_events, p_reasons) AS f (event_id, reason)
    WHERE o.id = f.event_id AND o.claim_id = p_claim;
    GET DIAGNOSTICS buried = ROW_COUNT;
    RETURN buried;
END
$$;

-- Given back untouched: nothing was wrong with them.
CREATE FUNCTION sync_release(p_claim uuid, p_events uuid[]) RETURNS integer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    released integer;
BEGIN
    UPDATE outbox o
    SET state = 'pending', claim_id = NULL, lease_until = NULL, next_attempt_at = now()
    WHERE o.id = ANY (p_events) AND o.claim_id = p_claim;
    GET DIAGNOSTICS released = ROW_COUNT;
    RETURN released;
END
$$;

-- An administrator's decision on a dead letter; returns the state after it. Repeating it changes nothing.
CREATE FUNCTION sync_decide(p_event uuid, p_decision text) RETURNS text
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    now_in text;
BEGIN
    IF p_decision NOT IN ('replay', 'discard') THEN
        RAISE EXCEPTION 'a dead letter is replayed or discarded';
    END IF;
    UPDATE outbox o
    SET state = CASE p_decision WHEN 'replay' THEN 'pending' ELSE 'discarded' END,
        payload = CASE p_decision WHEN 'replay' THEN o.payload ELSE '{}'::jsonb END,
        attempts = 0, next_attempt_at = now(), history = sync_remembered(o.history, p_decision)
    WHERE o.id = p_event AND o.state = 'dead';
    SELECT o.state INTO now_in FROM outbox o WHERE o.id = p_event;
    RETURN now_in;
END
$$;

-- What waits, for how long, and what is dead.
CREATE FUNCTION sync_backlog() RETURNS TABLE (pending bigint, oldest_pending_at timestamptz, dead bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT count(*), min(o.created_at), (SELECT count(*) FROM outbox d WHERE d.state = 'dead')
    FROM outbox o WHERE o.state IN ('pending', 'claimed')
$$;

-- Whether anything may be claimed: all that a sweep over idle hospitals asks.
CREATE FUNCTION sync_due() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT 1 FROM outbox o WHERE o.state IN ('pending', 'claimed') AND o.next_attempt_at <= now())
$$;

-- Central says that a patient is this person, or that one person was merged into another.
CREATE FUNCTION sync_settle_person(p_patient uuid, p_person uuid) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE patients SET patient_global_id = p_person, global_id_state = 'settled' WHERE id = p_patient;
    RETURN FOUND;
END
$$;

CREATE FUNCTION sync_merge_person(p_from uuid, p_into uuid) RETURNS integer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    moved integer;
BEGIN
    UPDATE patients SET patient_global_id = p_into, global_id_state = 'settled' WHERE patient_global_id = p_from;
    GET DIAGNOSTICS moved = ROW_COUNT;
    RETURN moved;
END
$$;

CREATE FUNCTION sync_store_cursor(p_cursor text) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE hospital_sync SET changes_cursor = p_cursor, updated_at = now()
$$;

-- The last twenty things that happened to an event.
CREATE FUNCTION sync_remembered(p_history jsonb, p_reason text) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT CASE WHEN jsonb_array_length(p_history) >= 20 THEN p_history - 0 ELSE p_history END
        || jsonb_build_object('at', now(), 'what', left(p_reason, 100))
$$;

-- Rights of each purpose; called again after each migration.
CREATE FUNCTION grant_outbox(app name, portal name, sync name, seal name) RETURNS void
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
    EXECUTE format($sql$
        REVOKE ALL ON outbox, sync_signing_keys FROM %1$I, %2$I, %3$I, %4$I;
        GRANT SELECT ON hospital_sync TO %1$I, %3$I, %4$I;
        GRANT INSERT ON outbox TO %1$I, %4$I;
        GRANT SELECT ON sync_signing_keys TO %3$I;
        GRANT EXECUTE ON FUNCTION
            sync_claim(uuid, integer, double precision), sync_settle(uuid, uuid[], uuid[]),
            sync_fail(uuid, uuid[], text[], double precision[]), sync_bury(uuid, uuid[], text[]),
            sync_release(uuid, uuid[]), sync_decide(uuid, text), sync_backlog(), sync_due(),
            sync_settle_person(uuid, uuid), sync_merge_person(uuid, uuid), sync_store_cursor(text)
        TO %3$I;
    $sql$, app, portal, sync, seal);
END
$grants$;
