DROP FUNCTION grant_vietnamese_order(name, name, name, name);
CREATE INDEX ix_patients_closed ON patients (search_key, id) WHERE status <> 'active';
DROP INDEX ix_patients_closed_name;
DROP INDEX ix_patients_name;
DROP FUNCTION vietnamese_order(text);
