DROP POLICY IF EXISTS staff ON patient_allergies;
DROP POLICY IF EXISTS own ON patient_allergies;
ALTER TABLE patient_allergies DISABLE ROW LEVEL SECURITY;

-- Staff write them down and end them; nothing is deleted. The patient's portal shows the list in patients.
CREATE OR REPLACE FUNCTION grant_patient_allergies(app name, portal name, sync name, seal name) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
    EXECUTE format($sql$
        REVOKE ALL ON patient_allergies FROM %1$I, %2$I, %3$I, %4$I;
        GRANT SELECT, INSERT, UPDATE (reaction, severity, ended_at, ended_by, end_reason) ON patient_allergies TO %1$I;
    $sql$, app, portal, sync, seal);
END
$grants$;
