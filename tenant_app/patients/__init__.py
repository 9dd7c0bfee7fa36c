"""Patients of one hospital: registration, identifiers, search, and the record's own page."""
