ALTER TABLE patient_allergies ENABLE ROW LEVEL SECURITY;

-- Staff write them down and end them; nothing is deleted. Patients see their own, and not who wrote them down.
CREATE OR REPLACE FUNCTION grant_patient_allergies(app name, portal name, sync name, seal name) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $grants$
BEGIN
    EXECUTE format($sql$
        REVOKE ALL ON patient_allergies FROM %1$I, %2$I, %3$I, %4$I;
        GRANT SELECT, INSERT, UPDATE (reaction, severity, ended_at, ended_by, end_reason) ON patient_allergies TO %1$I;
        GRANT SELECT (patient_id, substance, severity, reaction, ended_at) ON patient_allergies TO %2$I;
        DROP POLICY IF EXISTS staff ON patient_allergies;
        CREATE POLICY staff ON patient_allergies TO %1$I USING (true) WITH CHECK (true);
        DROP POLICY IF EXISTS own ON patient_allergies;
        CREATE POLICY own ON patient_allergies FOR SELECT TO %2$I USING (patient_id = portal_patient());
    $sql$, app, portal, sync, seal);
END
$grants$;
