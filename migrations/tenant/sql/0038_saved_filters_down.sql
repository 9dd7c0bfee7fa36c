DROP FUNCTION grant_saved_filters(name, name, name, name);
DROP TABLE saved_filters;
