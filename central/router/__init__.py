"""From a tenant, a hospital's code or a patient's identifier to a transaction on the right hospital's database."""
