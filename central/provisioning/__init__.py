"""Making a hospital: its roles, database, credentials and first member of staff, in steps that resume."""
