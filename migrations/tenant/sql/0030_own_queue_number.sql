-- What a patient sees of the waiting line: the own numbers, and how many are before them. The portal's role has no right
-- to the queue's tables; these functions answer for the patient of the transaction only, and without one nothing.

-- The patient's numbers that stand, and those of today that have ended.
CREATE FUNCTION portal_own_numbers(today date, fresh_since timestamptz)
RETURNS TABLE (
    id uuid, department_id uuid, department_name varchar, number integer, status varchar, room varchar,
    appointment_id uuid, taken_at timestamptz, called_at timestamptz, ended_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT e.id, e.department_id, d.name, e.number, e.status, e.room, e.appointment_id, e.taken_at, e.called_at,
        e.ended_at
    FROM queue_entries e
    JOIN departments d ON d.id = e.department_id
    WHERE e.patient_id = portal_patient()
        AND CASE WHEN e.ended_at IS NULL THEN e.taken_at > fresh_since ELSE e.queue_day = today END
    ORDER BY e.taken_at, e.number
$$;

-- Whoever waits where the patient waits: what the order of the line is made of, and nothing that says who they are.
CREATE FUNCTION portal_lines(fresh_since timestamptz)
RETURNS TABLE (
    department_id uuid, number integer, priority varchar, booked_for timestamptz, taken_at timestamptz,
    waits_since timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT e.department_id, e.number,
        CASE WHEN e.priority IN ('emergency', 'none') THEN e.priority ELSE 'priority' END,
        (a.appointment_date + a.start_time) AT TIME ZONE 'Asia/Ho_Chi_Minh',
        e.taken_at, e.waits_since
    FROM queue_entries e
    LEFT JOIN appointments a ON a.id = e.appointment_id
    WHERE e.status = 'waiting' AND e.taken_at > fresh_since
        AND e.department_id IN (
            SELECT own.department_id FROM queue_entries own
            WHERE own.patient_id = portal_patient() AND own.status = 'waiting' AND own.taken_at > fresh_since
        )
    ORDER BY e.department_id, e.waits_since, e.number
    LIMIT 2000
$$;

-- How the calls go there today: the lanes of the last ones, the newest first; how many since `lately`, the first and the
-- last of those; and how many minutes half of all called today waited at most.
CREATE FUNCTION portal_pace(today date, fresh_since timestamptz, lately timestamptz, in_a_row integer)
RETURNS TABLE (
    department_id uuid, last_lanes varchar[], calls integer, first_call timestamptz, last_call timestamptz,
    median_wait double precision
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT mine.department_id,
        ARRAY(
            SELECT e.called_lane FROM queue_entries e
            WHERE e.queue_day = today AND e.department_id = mine.department_id AND e.called_lane IN ('priority', 'ordinary')
            ORDER BY e.called_at DESC LIMIT in_a_row
        ),
        (count(e.id) FILTER (WHERE e.first_called_at > lately))::integer,
        min(e.first_called_at) FILTER (WHERE e.first_called_at > lately),
        max(e.first_called_at) FILTER (WHERE e.first_called_at > lately),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM e.first_called_at - e.taken_at) / 60)
    FROM (
        SELECT DISTINCT own.department_id FROM queue_entries own
        WHERE own.patient_id = portal_patient() AND own.status = 'waiting' AND own.taken_at > fresh_since
    ) AS mine
    LEFT JOIN queue_entries e
        ON e.department_id = mine.department_id AND e.queue_day = today AND e.first_called_at IS NOT NULL
    GROUP BY mine.department_id
$$;

REVOKE ALL ON FUNCTION portal_own_numbers(date, timestamptz), portal_lines(timestamptz),
    portal_pace(date, timestamptz, timestamptz, integer) FROM PUBLIC;

CREATE FUNCTION grant_own_queue_number(app name, portal name, sync name, seal name) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
    EXECUTE format($sql$
        REVOKE ALL ON FUNCTION portal_own_numbers(date, timestamptz), portal_lines(timestamptz),
            portal_pace(date, timestamptz, timestamptz, integer) FROM %1$I, %2$I, %3$I, %4$I;
        GRANT EXECUTE ON FUNCTION portal_own_numbers(date, timestamptz), portal_lines(timestamptz),
            portal_pace(date, timestamptz, timestamptz, integer) TO %2$I;
    $sql$, app, portal, sync, seal);
END
$grants$;
REVOKE ALL ON FUNCTION grant_own_queue_number(name, name, name, name) FROM PUBLIC;
