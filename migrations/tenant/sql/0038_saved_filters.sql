-- Filters of lists under names, each for the member of staff who made it. They hold choices and ids, never words of a search.

CREATE TABLE saved_filters (
    id uuid DEFAULT uuidv7() NOT NULL,
    user_id uuid NOT NULL,
    list_name varchar(40) NOT NULL,
    name varchar(60) NOT NULL,
    parameters jsonb NOT NULL,
    is_default boolean DEFAULT false NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_saved_filters PRIMARY KEY (id),
    CONSTRAINT fk_saved_filters_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT ck_saved_filters_list_name
        CHECK (list_name IN ('patients', 'appointments', 'calendar', 'queue', 'staff', 'access_log',
            'unusual_access')),
    CONSTRAINT ck_saved_filters_name CHECK (name <> ''),
    CONSTRAINT ck_saved_filters_parameters CHECK (jsonb_typeof(parameters) = 'object')
);
CREATE UNIQUE INDEX uq_saved_filters_name ON saved_filters (user_id, list_name, lower(name));
CREATE UNIQUE INDEX uq_saved_filters_default ON saved_filters (user_id, list_name) WHERE is_default;

-- Whose a filter is and of which list it is does not change.
CREATE FUNCTION grant_saved_filters(app name, portal name, sync name, seal name) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
    EXECUTE format($sql$
        REVOKE ALL ON saved_filters FROM %1$I, %2$I, %3$I, %4$I;
        GRANT SELECT, INSERT, DELETE, UPDATE (name, parameters, is_default, version, updated_at) ON saved_filters TO %1$I;
    $sql$, app, portal, sync, seal);
END
$grants$;
REVOKE ALL ON FUNCTION grant_saved_filters(name, name, name, name) FROM PUBLIC;
