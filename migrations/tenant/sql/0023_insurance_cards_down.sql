DROP FUNCTION grant_insurance_cards(name, name, name, name);
DROP TABLE patient_insurance_cards;
