-- Live updates: who is connected now, and what each connection follows. A row lives as long as its connection.
CREATE TABLE websocket_connections (
    id uuid DEFAULT uuidv7() NOT NULL,
    user_id uuid NOT NULL,
    session_id uuid NOT NULL,
    process_id uuid NOT NULL,
    ip_address inet,
    user_agent varchar(255),
    connected_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    CONSTRAINT pk_websocket_connections PRIMARY KEY (id),
    CONSTRAINT fk_websocket_connections_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT fk_websocket_connections_session_id FOREIGN KEY (session_id) REFERENCES staff_sessions (id) ON DELETE CASCADE
);
CREATE INDEX ix_websocket_connections_user_id ON websocket_connections (user_id);
CREATE INDEX ix_websocket_connections_session_id ON websocket_connections (session_id);
CREATE INDEX ix_websocket_connections_seen_at ON websocket_connections (seen_at);

CREATE TABLE event_subscriptions (
    id uuid DEFAULT uuidv7() NOT NULL,
    connection_id uuid NOT NULL,
    topic varchar(100) NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_event_subscriptions PRIMARY KEY (id),
    CONSTRAINT fk_event_subscriptions_connection_id
        FOREIGN KEY (connection_id) REFERENCES websocket_connections (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX uq_event_subscriptions_connection_id_topic ON event_subscriptions (connection_id, topic);

CREATE FUNCTION grant_live(app name, portal name, sync name, seal name) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
EXECUTE format($sql$
REVOKE ALL ON websocket_connections, event_subscriptions FROM %1$I, %2$I, %3$I, %4$I;
GRANT SELECT, INSERT, DELETE, UPDATE (seen_at) ON websocket_connections TO %1$I;
GRANT SELECT, INSERT, DELETE ON event_subscriptions TO %1$I;
$sql$, app, portal, sync, seal);
END
$grants$;
REVOKE ALL ON FUNCTION grant_live(name, name, name, name) FROM PUBLIC;
