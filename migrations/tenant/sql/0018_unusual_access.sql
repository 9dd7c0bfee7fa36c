-- Settings of a hospital that differ from their defaults, and access that stands out.

CREATE TABLE system_configs (
    id uuid DEFAULT uuidv7() NOT NULL,
    config_key varchar(100) NOT NULL,
    config_value text NOT NULL,
    config_type varchar(50) NOT NULL,
    portal varchar(50) DEFAULT 'hospital' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by uuid,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT pk_system_configs PRIMARY KEY (id),
    CONSTRAINT uq_system_configs_config_key_portal UNIQUE (config_key, portal),
    CONSTRAINT ck_system_configs_config_type CHECK (config_type IN ('number', 'switch', 'roles')),
    CONSTRAINT ck_system_configs_portal CHECK (portal IN ('hospital')),
    CONSTRAINT fk_system_configs_updated_by FOREIGN KEY (updated_by) REFERENCES users (id) ON DELETE RESTRICT
);

CREATE TABLE access_watch (
    singleton boolean DEFAULT true NOT NULL,
    last_xid xid8 NOT NULL,
    last_id uuid NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_access_watch PRIMARY KEY (singleton),
    CONSTRAINT ck_access_watch_singleton CHECK (singleton)
);

CREATE TABLE access_tallies (
    user_id uuid NOT NULL,
    grain varchar(10) NOT NULL,
    starts_at timestamptz NOT NULL,
    patients integer NOT NULL,
    reads integer NOT NULL,
    CONSTRAINT pk_access_tallies PRIMARY KEY (user_id, grain, starts_at),
    CONSTRAINT ck_access_tallies_grain CHECK (grain IN ('hour', 'day')),
    CONSTRAINT ck_access_tallies_counts CHECK (patients > 0 AND reads >= patients),
    CONSTRAINT fk_access_tallies_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_access_tallies_starts_at ON access_tallies (grain, starts_at);

CREATE TABLE access_findings (
    id uuid DEFAULT uuidv7() NOT NULL,
    kind varchar(20) NOT NULL,
    user_id uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    patients integer NOT NULL,
    reads bigint NOT NULL,
    usual integer,
    row_ids uuid[] NOT NULL,
    state varchar(20) DEFAULT 'open' NOT NULL,
    note text,
    decided_at timestamptz,
    decided_by uuid,
    decided_patients integer,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT pk_access_findings PRIMARY KEY (id),
    CONSTRAINT uq_access_findings_kind_user_id_starts_at UNIQUE (kind, user_id, starts_at),
    CONSTRAINT ck_access_findings_kind CHECK (kind IN ('many_hour', 'many_day', 'odd_hours', 'no_visit', 'own_record', 'relative')),
    CONSTRAINT ck_access_findings_state CHECK (state IN ('open', 'looked_at', 'explained')),
    CONSTRAINT ck_access_findings_counts CHECK (patients > 0 AND reads >= patients AND starts_at < ends_at),
    CONSTRAINT ck_access_findings_explained CHECK (state <> 'explained' OR note IS NOT NULL),
    CONSTRAINT ck_access_findings_decided CHECK (
        (decided_at IS NULL) = (decided_by IS NULL) AND (decided_at IS NULL) = (decided_patients IS NULL)
    ),
    CONSTRAINT fk_access_findings_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_access_findings_decided_by FOREIGN KEY (decided_by) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_access_findings_state ON access_findings (state, starts_at, id);

-- The watcher works under the sealer's role, which reads no patient. These two answer with ids only.

-- Those of the patients who in these days had neither an appointment nor a number in the person's department, no
-- appointment with them, and were not registered by them.
CREATE FUNCTION access_without_visit(wanted_user uuid, wanted_patients uuid[], first_day date, last_day date)
RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT p.id
    FROM patients p JOIN users u ON u.id = wanted_user
    WHERE p.id = ANY (wanted_patients)
        AND u.department_id IS NOT NULL
        AND p.created_by IS DISTINCT FROM u.id
        AND NOT EXISTS (
            SELECT FROM appointments a
            WHERE a.patient_id = p.id AND a.appointment_date BETWEEN first_day AND last_day
                AND (a.department_id = u.department_id OR a.doctor_id = u.id))
        AND NOT EXISTS (
            SELECT FROM queue_entries q
            WHERE q.patient_id = p.id AND q.queue_day BETWEEN first_day AND last_day
                AND q.department_id = u.department_id)
$$;

-- Those of the patients who are the person (same name and phone), or bear the family name and share the phone, name it
-- as the one to call, or live where the person's own record says that they live.
CREATE FUNCTION access_to_own_people(wanted_user uuid, wanted_patients uuid[])
RETURNS TABLE (patient_id uuid, own boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH me AS (
        SELECT lower(u.full_name) AS name, split_part(lower(u.full_name), ' ', 1) AS family,
            nullif(regexp_replace(regexp_replace(u.phone, '[^0-9]', '', 'g'), '^84', '0'), '') AS phone
        FROM users u WHERE u.id = wanted_user
    ), mine AS (
        SELECT p.id, lower(btrim(p.address)) AS address
        FROM patients p JOIN me ON p.phone = me.phone AND lower(p.full_name) = me.name
    )
    SELECT p.id, EXISTS (SELECT FROM mine WHERE mine.id = p.id)
    FROM patients p CROSS JOIN me
    WHERE p.id = ANY (wanted_patients) AND (
        EXISTS (SELECT FROM mine WHERE mine.id = p.id)
        OR (split_part(lower(p.full_name), ' ', 1) = me.family AND (
            p.phone = me.phone
            OR regexp_replace(regexp_replace(p.emergency_contact ->> 'phone', '[^0-9]', '', 'g'), '^84', '0') = me.phone
            OR EXISTS (SELECT FROM mine WHERE mine.address <> '' AND mine.address = lower(btrim(p.address)))
        ))
    )
$$;

-- Hospitals that exist: their administrators get the permissions that came with this revision.
UPDATE roles SET permissions = permissions || '["audit.decide"]', updated_at = now()
WHERE name = 'admin' AND NOT permissions ? 'audit.decide';
UPDATE roles SET permissions = permissions || '["settings.manage"]', updated_at = now()
WHERE name = 'admin' AND NOT permissions ? 'settings.manage';

-- Rights of each purpose; called again after each migration. Named so that it is called after the others that begin
-- with `grant_c` and `grant_h`, which take rights on the same tables away first.
CREATE FUNCTION grant_watching(app name, portal name, sync name, seal name) RETURNS void
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
    EXECUTE format($sql$
        REVOKE ALL ON system_configs, access_watch, access_tallies, access_findings FROM %1$I, %2$I, %3$I, %4$I;
        GRANT SELECT, INSERT, UPDATE, DELETE ON system_configs TO %1$I;
        GRANT SELECT (config_key, config_value, portal) ON system_configs TO %4$I;
        GRANT SELECT, UPDATE (state, note, decided_at, decided_by, decided_patients, version, updated_at)
            ON access_findings TO %1$I;
        GRANT SELECT, INSERT, UPDATE ON access_findings TO %4$I;
        GRANT SELECT, INSERT, UPDATE ON access_watch, access_tallies TO %4$I;
        GRANT SELECT (id, role, department_id) ON users TO %4$I;
        GRANT SELECT (business_hours) ON hospital_info TO %4$I;
        GRANT SELECT (first_day, last_day, start_time, end_time) ON holidays TO %4$I;
        GRANT EXECUTE ON FUNCTION access_without_visit(uuid, uuid[], date, date), access_to_own_people(uuid, uuid[])
            TO %4$I;
    $sql$, app, portal, sync, seal);
END
$grants$;
REVOKE ALL ON FUNCTION grant_watching(name, name, name, name) FROM PUBLIC;
