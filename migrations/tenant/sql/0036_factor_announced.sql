-- From which day on a role needs a second factor; without one, at once. A web process of the version before demands it at
-- once, which is the safe side, until it is started anew.
ALTER TABLE roles ADD COLUMN mfa_from date,
    ADD CONSTRAINT ck_roles_mfa_from CHECK (mfa_from IS NULL OR mfa_required);

ALTER TABLE notices DROP CONSTRAINT ck_notices_kind;
ALTER TABLE notices ADD CONSTRAINT ck_notices_kind CHECK (kind IN ('appointment.booked', 'appointment.moved', 'appointment.cancelled', 'patient.arrived', 'patient.called', 'import.finished', 'reminder.failed', 'access.unusual', 'factor.demanded'));

-- Tells those who have a role that will need a second factor and have none themselves, whether they want notices or not,
-- also whoever made it so: from that day on nothing else is open to them. Without `p_user` all who have the role.
CREATE FUNCTION tell_of_factor(p_role uuid, p_user uuid) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO notices (user_id, kind, thing_id)
    SELECT u.id, 'factor.demanded', r.id
    FROM roles r
    JOIN user_roles held ON held.role_id = r.id
    JOIN users u ON u.id = held.user_id
    WHERE r.id = p_role AND (p_user IS NULL OR u.id = p_user) AND u.status = 'active' AND NOT u.mfa_enabled
        AND r.mfa_required AND r.mfa_from > (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date
    ORDER BY u.id
    ON CONFLICT (user_id, thing_id) WHERE read_at IS NULL DO UPDATE SET made_at = EXCLUDED.made_at
$$;

CREATE FUNCTION notice_of_factor() RETURNS trigger
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_TABLE_NAME = 'roles' THEN
        PERFORM tell_of_factor(NEW.id, NULL);
    ELSE
        PERFORM tell_of_factor(NEW.role_id, NEW.user_id);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER notice_of_demand AFTER UPDATE ON roles
    FOR EACH ROW WHEN (NEW.mfa_from IS NOT NULL AND NEW.mfa_from IS DISTINCT FROM OLD.mfa_from)
    EXECUTE FUNCTION notice_of_factor();
CREATE TRIGGER notice_of_demand AFTER INSERT ON user_roles FOR EACH ROW EXECUTE FUNCTION notice_of_factor();

-- Who has set it up need not be told any more; who has none again is.
CREATE FUNCTION notice_of_own_factor() RETURNS trigger
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.mfa_enabled THEN
        UPDATE notices SET read_at = now() WHERE user_id = NEW.id AND kind = 'factor.demanded' AND read_at IS NULL;
    ELSE
        PERFORM tell_of_factor(held.role_id, NEW.id) FROM user_roles held WHERE held.user_id = NEW.id;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER notice_of_own_factor AFTER UPDATE ON users
    FOR EACH ROW WHEN (NEW.mfa_enabled <> OLD.mfa_enabled) EXECUTE FUNCTION notice_of_own_factor();

REVOKE ALL ON FUNCTION tell_of_factor(uuid, uuid), notice_of_factor(), notice_of_own_factor() FROM PUBLIC;
