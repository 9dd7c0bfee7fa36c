DROP FUNCTION grant_notices(name, name, name, name);
DROP TRIGGER notice_of_new ON appointments;
DROP TRIGGER notice_of_changed ON appointments;
DROP TRIGGER notice_of_step ON queue_steps;
DROP TRIGGER notice_of_end ON patient_imports;
DROP TRIGGER notice_of_failure ON appointment_reminders;
DROP TRIGGER notice_of_found ON access_findings;
DROP TRIGGER notice_of_found_again ON access_findings;
DROP FUNCTION prune_notices, notice_of_finding, notice_of_reminder, notice_of_import, notice_of_queue_step,
    notice_of_appointment, give_notice, notice_permission;
DROP TABLE notices, event_subscriptions;

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

CREATE OR REPLACE FUNCTION grant_live(app name, portal name, sync name, seal name) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
EXECUTE format($sql$
REVOKE ALL ON websocket_connections, event_subscriptions FROM %1$I, %2$I, %3$I, %4$I;
GRANT SELECT, INSERT, DELETE, UPDATE (seen_at) ON websocket_connections TO %1$I;
GRANT SELECT, INSERT, DELETE ON event_subscriptions TO %1$I;
$sql$, app, portal, sync, seal);
END
$grants$;
