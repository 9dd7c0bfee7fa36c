"""Patients: activating an account, signing in with the CCCD, and being recognised in each request."""
