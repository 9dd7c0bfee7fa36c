-- What a hospital tells central of each of its days: numbers, and nobody's name.

CREATE TABLE usage_days (
    day date NOT NULL,
    id uuid DEFAULT uuidv7() NOT NULL,
    n bigint DEFAULT 1 NOT NULL,
    figures jsonb NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_usage_days PRIMARY KEY (day),
    CONSTRAINT uq_usage_days_id UNIQUE (id),
    CONSTRAINT ck_usage_days_n CHECK (n > 0)
);

-- The counting job reads neither patients nor appointments; this answers with numbers only. A day is the hospital's own,
-- from midnight to midnight in Vietnam.
CREATE FUNCTION usage_of_day(wanted date)
RETURNS TABLE (active_users bigint, active_patients bigint, total_patients bigint, new_patients bigint,
    total_appointments bigint, completed_appointments bigint, missed_appointments bigint, queue_numbers bigint,
    user_accounts bigint, storage_used_mb bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH bounds AS (
        SELECT wanted::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh' AS begins,
            (wanted + 1)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh' AS ends
    ), people AS (
        SELECT count(DISTINCT a.user_id) FILTER (WHERE a.actor_kind = 'staff') AS staff,
            count(DISTINCT a.user_id) FILTER (WHERE a.actor_kind = 'patient') AS patients
        FROM audit_logs a, bounds b WHERE a.created_at >= b.begins AND a.created_at < b.ends
    ), cards AS (
        SELECT count(*) AS known, count(*) FILTER (WHERE p.created_at >= b.begins) AS new
        FROM patients p, bounds b WHERE p.created_at < b.ends
    ), visits AS (
        SELECT count(*) FILTER (WHERE a.status <> 'cancelled') AS booked,
            count(*) FILTER (WHERE a.status = 'completed') AS completed,
            count(*) FILTER (WHERE a.status = 'no_show') AS missed
        FROM appointments a WHERE a.appointment_date = wanted
    )
    SELECT people.staff, people.patients, cards.known, cards.new, visits.booked, visits.completed, visits.missed,
        (SELECT count(*) FROM queue_entries q WHERE q.queue_day = wanted),
        (SELECT count(*) FROM users u WHERE u.status = 'active'),
        (SELECT (sum(pg_total_relation_size(c.oid)) / 1048576)::bigint FROM pg_class c WHERE c.relkind IN ('r', 'm'))
    FROM people, cards, visits
$$;
REVOKE ALL ON FUNCTION usage_of_day(date) FROM PUBLIC;

-- Rights of each purpose; called again after each migration.
CREATE FUNCTION grant_usage(app name, portal name, sync name, seal name) RETURNS void
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
    EXECUTE format($sql$
        REVOKE ALL ON usage_days FROM %1$I, %2$I, %3$I, %4$I;
        GRANT SELECT, INSERT, UPDATE ON usage_days TO %4$I;
        GRANT EXECUTE ON FUNCTION usage_of_day(date) TO %4$I;
    $sql$, app, portal, sync, seal);
END
$grants$;
REVOKE ALL ON FUNCTION grant_usage(name, name, name, name) FROM PUBLIC;
