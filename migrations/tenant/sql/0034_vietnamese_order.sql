-- Names in the order of a Vietnamese dictionary: đ after d, ă and â after a, and where two have the same letters,
-- by tone: ngang, huyền, hỏi, ngã, sắc, nặng. Code points put Đ after Y and Á after Z. No ICU is at hand everywhere.

-- As `vietnamese_order` in kernel/text.py: first the letters, where a mark that makes another letter of one (U+0306 ă,
-- U+0302 â ê ô, U+031B ơ ư, the stroke of đ) stands behind it as a sign that sorts after z; behind a tab, which sorts
-- before all of them, the same with the tones in their order.
CREATE FUNCTION vietnamese_order(name text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN translate(
            normalize(replace(lower(name), U&'\0111', 'd{'), NFD), U&'\0306\0302\031B\0300\0309\0303\0301\0323', '{|}'
        ) || U&'\0009' || translate(
            normalize(replace(lower(name), U&'\0111', 'd{'), NFD),
            U&'\0306\0302\031B\0300\0309\0303\0301\0323',
            U&'{|}\0300\0301\0302\0303\0304'
        );
REVOKE ALL ON FUNCTION vietnamese_order(text) FROM PUBLIC;

CREATE INDEX ix_patients_name ON patients (vietnamese_order(full_name), id);
CREATE INDEX ix_patients_closed_name ON patients (vietnamese_order(full_name), id) WHERE status <> 'active';
DROP INDEX ix_patients_closed;

-- Rights of each purpose; called again after each migration. Whoever writes a patient also writes the indexes.
CREATE FUNCTION grant_vietnamese_order(app name, portal name, sync name, seal name) RETURNS void
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
    EXECUTE format('GRANT EXECUTE ON FUNCTION vietnamese_order(text) TO %1$I, %2$I', app, portal);
END
$grants$;
REVOKE ALL ON FUNCTION grant_vietnamese_order(name, name, name, name) FROM PUBLIC;
