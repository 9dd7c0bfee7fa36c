DROP FUNCTION grant_own_queue_number(name, name, name, name);
DROP FUNCTION portal_own_numbers(date, timestamptz), portal_lines(timestamptz),
    portal_pace(date, timestamptz, timestamptz, integer);
