DROP FUNCTION grant_watching(name, name, name, name);
DROP FUNCTION access_to_own_people(uuid, uuid[]);
DROP FUNCTION access_without_visit(uuid, uuid[], date, date);
UPDATE roles SET permissions = permissions - 'audit.decide' - 'settings.manage';
DROP TABLE access_findings, access_tallies, access_watch, system_configs;
