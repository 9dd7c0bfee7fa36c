-- Types, sequences and functions that tables of 0001 name in defaults, constraints and policies.

-- An overlap constraint per doctor without btree_gist: a doctor is a range of one.
CREATE TYPE uuidrange AS RANGE (subtype = uuid);

CREATE SEQUENCE patient_code_numbers;
CREATE SEQUENCE appointment_code_numbers;

-- At least six digits; the seventh is not cut off.
CREATE FUNCTION code_text(prefix text, number bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN prefix || lpad(number::text, greatest(6, length(number::text)), '0');

CREATE FUNCTION next_patient_code() RETURNS text
LANGUAGE sql VOLATILE
RETURN code_text('BN-', nextval('patient_code_numbers'));

CREATE FUNCTION next_appointment_code() RETURNS text
LANGUAGE sql VOLATILE
RETURN code_text('LH-', nextval('appointment_code_numbers'));

-- Who the portal's transaction is for. The portal sets these from a verified session, for the transaction only; after
-- it they are empty, not absent, so that emptiness must read as nobody.
CREATE FUNCTION portal_patient() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('sokham.patient_id', true), '')::uuid;

CREATE FUNCTION portal_account() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('sokham.account_id', true), '')::uuid;
