DROP FUNCTION grant_usage(name, name, name, name);
DROP FUNCTION usage_of_day(date);
DROP TABLE usage_days;
