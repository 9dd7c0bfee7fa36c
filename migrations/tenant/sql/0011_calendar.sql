-- Business hours have a shape, and there are holidays.

ALTER TABLE hospital_info ADD CONSTRAINT ck_hospital_info_business_hours CHECK (
    business_hours IS NULL
    OR (jsonb_typeof(business_hours) = 'object' AND business_hours ?& ARRAY['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])
);

CREATE TABLE holidays (
    id uuid DEFAULT uuidv7() NOT NULL,
    name varchar(120) NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    start_time time,
    end_time time,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by uuid,
    CONSTRAINT pk_holidays PRIMARY KEY (id),
    CONSTRAINT uq_holidays_first_day_name UNIQUE (first_day, name),
    CONSTRAINT ck_holidays_days CHECK (first_day <= last_day AND last_day - first_day <= 60),
    CONSTRAINT ck_holidays_times CHECK (
        (start_time IS NULL) = (end_time IS NULL) AND (start_time IS NULL OR start_time < end_time)
    ),
    CONSTRAINT fk_holidays_created_by FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_holidays_last_day ON holidays (last_day);

-- Rights of each purpose; called again after each migration.
CREATE FUNCTION grant_calendar(app name, portal name, sync name, seal name) RETURNS void
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
    EXECUTE format($sql$
        REVOKE ALL ON holidays FROM %1$I, %2$I, %3$I, %4$I;
        GRANT SELECT, INSERT, DELETE ON holidays TO %1$I;
        GRANT SELECT ON holidays TO %2$I;
    $sql$, app, portal, sync, seal);
END
$grants$;
REVOKE ALL ON FUNCTION grant_calendar(name, name, name, name) FROM PUBLIC;
