"""Patients from a file: read it, check every row, show what is wrong where, and register all of it or nothing."""
