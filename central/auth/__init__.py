"""Signing in, sessions and permissions: one mechanism for administrators, staff and patients."""
