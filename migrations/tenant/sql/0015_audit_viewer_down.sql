DROP FUNCTION grant_viewing(name, name, name, name);
DROP TABLE audit_checks;
DROP INDEX ix_audit_logs_action;
DROP INDEX ix_audit_logs_newest;
