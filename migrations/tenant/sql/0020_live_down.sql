DROP FUNCTION grant_live(name, name, name, name);
DROP TABLE event_subscriptions, websocket_connections;
