DROP FUNCTION grant_queue(name, name, name, name);
DROP TABLE queue_steps, queue_entries, queue_counters;
UPDATE roles SET permissions = permissions - 'queue.read' - 'queue.take' - 'queue.call';
